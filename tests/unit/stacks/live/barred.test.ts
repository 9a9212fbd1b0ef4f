import assert from "node:assert/strict";
import type { StackConfig } from "../../../../stacks/config";
import { refuseNames, refuseZone, zoneIsThere } from "../../../../stacks/live/barred";
import type { KnownResource } from "../../../../stacks/state";

const resource = (type: string, name: string, inputs: KnownResource["inputs"], marked = false): KnownResource => ({
  type,
  urn: `urn:pulumi:test::iamvet::${type}::${name}`,
  id: name,
  ...(inputs && { inputs }),
  ...(marked && { delete: true }),
});
const slot = (name: string, zoneId: string, marked = false, of = "serving") =>
  resource("aws:route53/record:Record", `traffic-${of}`, { name, zoneId }, marked);
const intent = (stack: string, marked = false) =>
  resource("aws:ssm/parameter:Parameter", "traffic-intent", { name: `/iamvet/${stack}/traffic-intent` }, marked);
const config = (domain: Partial<StackConfig["settings"]["domain"]>, architecture = "fargate") =>
  ({
    project: "iamvet",
    stack: "test",
    settings: {
      architecture,
      traffic: {},
      existing: {},
      domain: { name: "a.example", zone: "existing", redirectFrom: [], ...domain },
    },
  }) as unknown as StackConfig;

describe("names and zones that cannot be taken as they are", () => {
  const made = resource("aws:route53/zone:Zone", "dns-zone", {});
  const [there, gone] = [true, false].map((answer) => () => Promise.resolve(answer));

  it("nothing is refused while nothing is under way", async () => {
    for (const known of [[], [slot("a.example", "Z1")], [slot("b.example", "Z1")], [intent("other")]]) {
      refuseNames(known, config({}), "Z1");
      await refuseZone(known, config({}), there);
    }
    await refuseZone([], config({ zone: "new" }), there);
  });

  it("a name that redirects becomes the site's own only while the other one redirects to it", () => {
    const rule = resource("aws:lb/listenerRule:ListenerRule", "load-balancer-redirect", {
      conditions: [{ hostHeader: { values: ["a.example"] } }],
      actions: [{ type: "redirect", redirect: { host: "b.example", statusCode: "HTTP_301" } }],
    });
    const known = [rule, slot("b.example", "Z1")];
    assert.throws(
      () => refuseNames(known, config({}), "Z1"),
      /a\.example, which still redirects to b\.example[\s\S]*redirectFrom\[0\]' b\.example\n {2}pulumi up --stack test/,
    );
    refuseNames(known, config({ redirectFrom: ["b.example"] }), "Z1");
    refuseNames(known, config({ name: "b.example" }), "Z1");
  });

  it("nor where the change goes on", () =>
    refuseNames([slot("a.example", "Z1"), slot("b.example", "Z1", true)], config({}), "Z1"));

  it("a name is not set back while the engine is still to delete its records, and each name goes on redirecting meanwhile", () =>
    assert.throws(
      () =>
        refuseNames(
          [slot("b.example", "Z1"), slot("a.example", "Z1", true)],
          config({ redirectFrom: ["b.example", "c.example"] }),
          "Z1",
        ),
      (error: Error) => {
        const commands = error.message.split("\n").filter((line) => line.startsWith("  "));
        assert.deepEqual(commands, [
          "  pulumi config set --stack test --path 'iamvet:domain.name' b.example",
          "  pulumi config set --stack test --path 'iamvet:domain.redirectFrom[0]' a.example",
          "  pulumi config set --stack test --path 'iamvet:domain.redirectFrom[1]' c.example",
          "  pulumi up --stack test",
        ]);
        return /Nothing was changed\.$/.test(error.message);
      },
    ));

  it("as far as the config allows: a server redirects one, of which the visitors are", () =>
    assert.throws(
      () =>
        refuseNames(
          [slot("b.example", "Z1"), slot("a.example", "Z1", true)],
          config({ redirectFrom: ["c.example"] }, "monitored-instance"),
          "Z1",
        ),
      ({ message }: Error) => /redirectFrom\[0\]' a\.example\n {2}pulumi up/.test(message),
    ));

  it("whichever of the two records was written first", () => {
    const cut = [
      slot("a.example", "Z1"),
      slot("b.example", "Z1", false, "canary"),
      slot("a.example", "Z1", true, "canary"),
    ];
    assert.throws(() => refuseNames(cut, config({}), "Z1"), /moved the site to b\.example was cut off/);
    refuseNames(cut, config({ name: "b.example" }), "Z1");
  });

  it("nor a zone", () =>
    assert.throws(
      () => refuseNames([slot("a.example", "Z2"), slot("a.example", "Z1", true)], config({}), "Z1"),
      /domain\.zoneName is the name of the zone Z2/,
    ));

  it("nor the stack's name while parameters under it are to be deleted", () =>
    assert.throws(
      () => refuseNames([intent("other"), intent("test", true)], config({}), "Z1"),
      /pulumi stack rename other --stack test\n {2}pulumi up --stack other\n {2}pulumi stack rename test --stack other/,
    ));

  it("nor while anything else that bears its name is to be deleted", () => {
    const tagged = (Stack: string, marked = false) =>
      resource("aws:backup/restoreTestingPlan:RestoreTestingPlan", "backups-restore", { tags: { Stack } }, marked);
    assert.throws(
      () => refuseNames([intent("test"), tagged("other"), tagged("test", true)], config({}), "Z1"),
      /called other: the engine is still going to delete\nbackups-restore,.*\n {2}pulumi stack rename other --stack test/,
    );
    refuseNames([tagged("test"), tagged("test", true)], config({}), "Z1");
    refuseNames([tagged("test"), tagged("other", true)], config({}), "Z1");
  });

  it("a live site gets no new zone, and keeps the one that it has made", async () => {
    await assert.rejects(
      refuseZone([slot("a.example", "Z1")], config({ zone: "new" }), there),
      /pulumi config set --stack test --path iamvet:domain\.zone existing/,
    );
    const own = [slot("a.example", "dns-zone"), made];
    await refuseZone(own, config({ zone: "new" }), there);
    await assert.rejects(
      refuseZone(own, config({}), there),
      /pulumi config set --stack test --path iamvet:domain\.zone new/,
    );
  });

  it("but one whose zone is lost gets a new one", () =>
    refuseZone([slot("a.example", "Z1")], config({ zone: "new" }), gone));

  const commandsOf = async (...args: Parameters<typeof refuseZone>) => {
    const why = await refuseZone(...args).then(() => "", String);
    return why.split("\n").flatMap((line) => (line.startsWith("  ") ? [line.trim()] : []));
  };
  const target = `'${made.urn}'`;

  it("one that the stack has made by mistake, and in which no site lives, is deleted by the commands that are printed", async () => {
    assert.deepEqual(await commandsOf([made], config({}), there), [
      `pulumi state unprotect --yes --stack test ${target}`,
      `pulumi destroy --stack test --target ${target} --target-dependents`,
    ]);
    assert.deepEqual(
      await commandsOf([slot("a.example", "Z1"), made], config({}), there),
      [`pulumi state unprotect --yes --stack test ${target}`, `pulumi destroy --stack test --target ${target}`],
      "a site that is live elsewhere loses nothing that depends on the zone",
    );
  });

  it("one that takes the place of a lost zone is kept", async () => {
    const old = slot("a.example", "Z1");
    const isThere = (zone: string) => Promise.resolve(zone !== "Z1");
    assert.deepEqual(await commandsOf([old, made], config({}), isThere), [
      "pulumi config set --stack test --path iamvet:domain.zone new",
    ]);
  });

  it("and one that is lost itself is noticed by a refresh", async () => {
    for (const zone of ["new", "existing"] as const) {
      assert.deepEqual(await commandsOf([made], config({ zone }), gone), ["pulumi refresh --stack test"]);
    }
  });

  it("a zone is lost where AWS says so, not where AWS does not answer", async () => {
    const fails = (message: string) => () => Promise.reject(new Error(message));
    assert.equal(await zoneIsThere("Z1", () => Promise.resolve({})), true);
    for (const lost of [
      "NoSuchHostedZone: No hosted zone found with ID: Z1",
      "invoking aws:route53/getZone:getZone: 1 error occurred:\n\t* couldn't find resource",
    ]) {
      assert.equal(await zoneIsThere("Z1", fails(lost)), false);
    }
    for (const other of [
      "ThrottlingException: Rate exceeded",
      "AccessDenied: not authorized to perform: route53:GetHostedZone",
    ]) {
      await assert.rejects(zoneIsThere("Z1", fails(other)), new RegExp(other.slice(0, 10)));
    }
  });
});
