import assert from "node:assert/strict";
import { createRequire } from "node:module";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type Kinds, leftovers } from "../../../stacks/adoption";
import type { Found } from "../../../stacks/adoption/found";
import { FIXED, NAMED } from "../../../stacks/adoption/kinds";
import type { KnownResource } from "../../../stacks/state";
import { ownTags } from "../../../stacks/tags";

const GROUP = "aws:cloudwatch/logGroup:LogGroup";
const SERVER = "aws:ec2/instance:Instance";

describe("what a killed update was creating, and the program creates no more", () => {
  const loud = createRequire(__filename)("@pulumi/pulumi/log") as Record<"warn", (message: string) => void>;
  const kept = loud.warn;
  const said: string[] = [];
  before(() => {
    loud.warn = (message) => said.push(message);
  });
  after(() => {
    loud.warn = kept;
  });
  beforeEach(() => {
    said.length = 0;
  });

  const tagged = (Stack: string = ownTags().Stack) => ({ Project: ownTags().Project, Stack, ManagedBy: "pulumi" });
  const pending = (type: string, name: string, Stack?: string): KnownResource => ({
    ...{
      type,
      urn: `urn:pulumi:stack::project::${type}::${name}`,
      inputs: { name: "/site/logs", tags: tagged(Stack) },
    },
  });
  /** What the program tells at its end, of what AWS has. */
  const told = async (one: KnownResource, find: () => Promise<Found>, program = () => {}) => {
    const kinds: Kinds = {
      fixed: { [GROUP]: { ...(FIXED[GROUP] as Kinds["fixed"][string]), find } },
      named: { [SERVER]: { ...(NAMED[SERVER] as Kinds["named"][string]), all: async () => [await find()] } },
      history: async () => [],
    };
    await pulumi.runtime.setMocks({
      call: () => ({}),
      newResource: ({ name, inputs }) => ({ id: `${name}-id`, state: inputs }),
    });
    await pulumi.runtime.runInPulumiStack(async () => {
      const tell = leftovers({ region: "ap-northeast-2" }, { known: [], pending: [one] }, kinds);
      program();
      await tell();
    });
    return said.join("\n");
  };

  it("is told of, with the command that deletes it", async () => {
    assert.match(
      await told(pending(GROUP, "logs"), async () => ({ id: "/site/logs", tags: tagged() })),
      /neither knows nor wants it[\s\S]*\n {2}aws logs delete-log-group --log-group-name \/site\/logs$/,
    );
    said.length = 0;
    assert.match(
      await told(pending(SERVER, "server"), async () => ({ id: "i-1", tags: tagged() })),
      /^i-1 .* is there from an update that was interrupted[\s\S]*terminate-instances --instance-ids i-1$/,
    );
  });

  it("is another stack's by its tags: nothing is said", async () => {
    for (const tags of [tagged("another"), { ...tagged(), Project: "another" }, {}]) {
      assert.equal(await told(pending(GROUP, "logs"), async () => ({ id: "/site/logs", tags })), "");
      assert.equal(await told(pending(SERVER, "server"), async () => ({ id: "i-1", tags })), "");
    }
  });

  it("is the program's own under another name: nothing is said", async () => {
    const found = async () => ({ id: "renamed-id", tags: tagged() });
    const program = () => void new aws.cloudwatch.LogGroup("renamed", { name: "/site/logs" });
    assert.equal(await told(pending(GROUP, "logs"), found, program), "");
  });

  it("cannot be looked at: it is said, and the program ends well", async () => {
    for (const one of [pending(GROUP, "logs"), pending(SERVER, "server")]) {
      said.length = 0;
      const text = await told(one, () => Promise.reject(new Error("getaddrinfo ENOTFOUND")));
      assert.match(text, /^Whether (logs|server) is there already, .* could not be looked at: getaddrinfo ENOTFOUND$/);
    }
  });

  it("bears the name that the stack had then, which another stack may have by now: no command deletes it", async () => {
    for (const [one, id] of [
      [pending(GROUP, "logs", "old"), "/site/logs"],
      [pending(SERVER, "server", "old"), "i-1"],
    ] as const) {
      said.length = 0;
      const text = await told(one, async () => ({ id, tags: tagged("old") }));
      assert.match(
        text,
        new RegExp(`^${id} .*Stack=old.*another stack's[\\s\\S]*get-resources .*Key=Stack,Values=old$`),
      );
      assert.doesNotMatch(text, /delete|terminate/);
    }
  });
});
