import assert from "node:assert/strict";
import { planStack } from "../../../cli/planner/planner";
import { SECRET } from "../../../core/plan-format";
import { messages, plan, planAll } from "./site-plans";

describe("what the plans of the stacks tell a person", () => {
  planAll();

  it("say that nobody looks from outside where that is so, and what UptimeRobot needs", async () => {
    assert.match(messages(plan("staging", "fargate")), /Nobody looks at the site from outside/);
    const uptime = { provider: "uptimerobot", plan: "team" };
    const { notices, resources } = await planStack("staging", { config: { uptime } });
    const blocking = notices.filter((notice) => notice.blocking).map(({ message }) => message);
    assert.ok(blocking.some((message) => /uptimerobot:apiKey/.test(message)));
    assert.ok(resources.some(({ type }) => type === "pulumi-nodejs:dynamic/uptimerobot:Monitor"));
    assert.equal(resources.find(({ name }) => name === "uptime-webhook")?.inputs.token, SECRET);
  });

  it("say which secrets anybody can read in the stack's file, and repeat none", async () => {
    const config = {
      secrets: { PAYMENT_KEY: "hunter2", SESSION_KEY: "[secret]" },
      alerts: { emails: ["ops@iamvet.kr"], webhook: "https://hooks.slack.com/services/hunter2" },
    };
    const one = await planStack("prod", { config });
    assert.match(
      messages(one),
      /--secret --path iamvet:secrets\.PAYMENT_KEY <value>\n.*iamvet:alerts\.webhook <value>/,
    );
    assert.doesNotMatch(messages(one), /SESSION_KEY/);
    assert.doesNotMatch(JSON.stringify(one), /hunter2/);
    assert.doesNotMatch(messages(plan("prod", "fargate")), /in clear/);
  });

  it("say what Vercel needs of a database that keeps its own settings, and of a private link, for builds, too", async () => {
    const found = {
      identifier: "iamvet-db",
      urlSecretArn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet-db-AbCdEf",
    };
    for (const mode of ["existing", "import"]) {
      const one = await planStack("prod", { architecture: "vercel", config: { database: { mode, ...found } } });
      assert.match(messages(one), /--db-instance-identifier iamvet-db --publicly-accessible/, mode);
    }
    const vercel = { plan: "enterprise", repository: "a/b", databaseAccess: "private-link", peeredCidr: "10.1.0.0/16" };
    const linked = messages(await planStack("prod", { architecture: "vercel", config: { vercel } }));
    assert.match(linked, /accept-vpc-peering-connection .*create-route .*--destination-cidr-block 10\.1\.0\.0\/16/);
    assert.match(linked, /Secure Compute network .* builds included/);
  });

  it("say first what an update needs from a person", async () => {
    const blocking = async (architecture: string) =>
      (await planStack("prod", { architecture })).notices
        .filter((notice) => notice.blocking)
        .map(({ message }) => message.split(".")[0]);
    assert.deepEqual(await blocking("fargate"), ["No image of the app is given"]);
    assert.deepEqual(await blocking("monitored-instance"), ["No release of the app is given for the new instance"]);
  });

  it("name the image's commands with what a release would build into it, and the version that the gates ask for", async () => {
    const commands = async (app: object) =>
      messages(await planStack("prod", { architecture: "fargate", config: { app } }));
    assert.match(
      await commands({}),
      /TAG=\$\(git rev-parse --short HEAD\)\n[\s\S]* --build-arg SITE_VERSION=\$TAG -t /,
    );
    const text = await commands({ version: "v1", environment: { NEXT_PUBLIC_NAME: "it's", LOG_LEVEL: "info" } });
    assert.match(text, /release --stack prod --release-version/);
    assert.match(text, / TAG=v1\n/);
    assert.ok(
      text.includes(`--build-arg SITE_VERSION=$TAG --build-arg SITE_PUBLIC='{"NEXT_PUBLIC_NAME":"it'\\''s"}' -t `),
      text,
    );
  });
});
