import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Call, Principal } from "../../../core/calls/call";
import { commandCalls } from "../../../core/calls/commands";
import { forms } from "../../../core/calls/forms";
import { principalUses, roleStatements } from "../../../core/calls/grants";
import { programCalls } from "../../../core/calls/program";
import { providerCalls } from "../../../core/calls/provider";
import { runtimeCalls } from "../../../core/calls/runtime";
import { withheld } from "../../../core/calls/withheld";
import type { Plan } from "../../../core/plan-format";
import { grantedTo, unnamed } from "../../calls/in-plan";
import { callsInTree, inAutomation, inPython, inShell, inTypeScript, providerTypesInTree } from "../../calls/scan";
import { combinations, planOf } from "../../provider/combinations";

const calls: readonly Call[] = [...programCalls, ...commandCalls, ...runtimeCalls];
const actionsOf = ({ uses }: Pick<Call, "uses">) => uses.flatMap(({ read, write }) => [...read, ...write]);

/** Everything known, so that every form has its ARN. */
const scope = {
  ...{ account: ["123456789012"], zone: ["Z1"], project: ["iamvet"], stack: ["prod"], region: ["ap-northeast-2"] },
  ...{ stateBucket: ["state"], releaseBucket: ["releases"], databaseIdentifier: ["iamvet-db"], instanceId: ["i-0a1b"] },
  stateKeyArn: ["arn:aws:kms:ap-northeast-2:123456789012:key/0a1b"],
  secretArn: ["arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:theirs-AbCdEf"],
};

/** Name of each role in a plan. The CI's are made from the table itself. */
const ROLES: Readonly<Partial<Record<Principal, string>>> = {
  server: "monitored-instance-role",
  "group instance": "ha-web-tier-role",
  "task execution": "fargate-execution",
  task: "fargate-task",
  "recovery automation": "monitored-instance-recovery-automation-role",
  "recovery watcher": "monitored-instance-recovery-watcher-role",
  "incident reporter": "incident-role",
  notifier: "notifier-role",
  "asset server": "asset-server-role",
  "uptime receiver": "uptime-receiver-role",
  "uptime forwarder": "uptime-forward-role",
  "log receiver": "vercel-log-receiver-role",
};

describe("the table of calls", function () {
  this.timeout(600_000);
  const plans: Plan[] = [];

  // Two architectures at once add nothing that each has not by itself.
  before(async () => {
    for (const one of combinations.filter(({ name }) => !/canary|random/.test(name))) plans.push(await planOf(one));
  });

  it("has every call that the code makes, and no call that it does not make", () => {
    const found = callsInTree().map(({ place, action }) => `${place} ${action}`);
    const written = calls.flatMap((call) =>
      actionsOf(call).map((action) => ({ call, key: `${call.place} ${action}`, action })),
    );
    const known = new Set(written.map(({ key }) => key));
    assert.deepEqual(
      found.filter((key) => !known.has(key)),
      [],
      "calls without a row: add them to core/calls",
    );
    const made = new Set(found);
    assert.deepEqual(
      written.filter(({ call, key }) => !call.agent && !made.has(key)).map(({ key }) => key),
      [],
      "rows without a call: take them out of core/calls",
    );
  });

  it("names places that exist, and forms that have an ARN", () => {
    for (const { place, uses } of calls) {
      assert.ok(existsSync(join(__dirname, "../../..", place)), place);
      for (const form of uses.flatMap((use) => use.forms)) assert.ok(form in forms, `${place}: ${form}`);
    }
    for (const [key, uses] of Object.entries(providerCalls))
      for (const form of uses.flatMap((use) => use.forms)) assert.ok(form in forms, `${key}: ${form}`);
  });

  it("knows the calls of every type and look-up of the AWS provider that the program names, and of no other", () => {
    const named = providerTypesInTree();
    assert.ok(named.length > 80);
    assert.deepEqual(
      named.filter(({ key }) => !(key in providerCalls)).map(({ place, key }) => `${place}: ${key}`),
      [],
      "add them to core/calls/provider.ts",
    );
    const keys = new Set(named.map(({ key }) => key));
    assert.deepEqual(
      Object.keys(providerCalls).filter((key) => !keys.has(key)),
      [],
      "no code builds these: take them out",
    );
  });

  it("is granted whole to the CI, but for what is withheld", () => {
    for (const principal of ["deploy", "preview"] as const) {
      const statements = roleStatements(principal, scope);
      const granted = new Set(statements.flatMap(({ actions }) => actions));
      const provider = new Set(Object.values(providerCalls).flat());
      const wanted = principalUses(principal).flatMap((use) => {
        const { read, write } = use;
        return principal === "preview" && provider.has(use) ? read : [...read, ...write];
      });
      assert.deepEqual(
        [...new Set(wanted)].filter(
          (action) => !granted.has(action) && !(action in withheld) && !/^iam:\w+(Policy|PolicyVersion)$/.test(action),
        ),
        [],
        principal,
      );
      assert.deepEqual(
        [...granted].filter((action) => !wanted.includes(action)),
        [],
        `${principal}: wider than its calls`,
      );
    }
  });

  it("gives each role of a plan what it calls, and nothing else", () => {
    for (const [principal, role] of Object.entries(ROLES)) {
      const granted = new Set(plans.flatMap((plan) => grantedTo(plan, role)));
      assert.ok(granted.size > 0, `no plan has a role ${role}`);
      const called = new Set(calls.filter(({ by }) => by.includes(principal as Principal)).flatMap(actionsOf));
      assert.deepEqual(
        [...called].filter((action) => !granted.has(action)).sort(),
        [],
        `${principal}: calls without a grant`,
      );
      assert.deepEqual(
        [...granted].filter((action) => !called.has(action)).sort(),
        [],
        `${principal}: grants without a call`,
      );
    }
  });

  it("lets a deploy empty each bucket that goes with what is in it, and no other", () => {
    const buckets = plans.flatMap(({ resources }) => resources.filter(({ type }) => type === "aws:s3/bucket:Bucket"));
    const emptied = (name: string) =>
      roleStatements("deploy", scope)
        .filter(({ resources }) => resources.some((arn) => arn.startsWith(`arn:aws:s3:::${name.split("-")[0]}`)))
        .flatMap(({ actions }) => actions)
        .includes("s3:DeleteObjectVersion");
    assert.ok(buckets.some(({ inputs }) => inputs.forceDestroy === true));
    for (const { name, inputs } of buckets) assert.equal(emptied(name), inputs.forceDestroy === true, name);
  });

  it("grants by names that the stack's resources bear", () => {
    const missed = plans.flatMap((plan) => plan.resources.flatMap((resource) => unnamed(resource, plan)));
    assert.deepEqual([...new Set(missed)], [], "add the names to core/calls/forms.ts");
  });
});

describe("the scan for calls", () => {
  const found = (list: readonly { action: string }[]) => list.map(({ action }) => action);

  it("finds commands, paginators and waiters of the SDK, and programs that are started", () => {
    const text = `
      const { RDSClient, CreateDBSnapshotCommand, waitUntilDBSnapshotAvailable } = await import("@aws-sdk/client-rds");
      await client.send(new CreateDBSnapshotCommand({}));
      await waitUntilDBSnapshotAvailable({}, {});
      const sdk = await import("@aws-sdk/client-ecs");
      for await (const page of sdk.paginateListTasks({ client }, {})) use(page);
      await exec("aws", ["s3", "cp", archive, url]);
      const place = { shell: [...["ecs", "execute-command"], id] };
    `;
    assert.deepEqual(found(inTypeScript("x.ts", text)).sort(), [
      "ecs:ExecuteCommand",
      "ecs:ListTasks",
      "rds:CreateDBSnapshot",
      "rds:DescribeDBSnapshots",
      "s3:PutObject",
    ]);
  });

  it("fails on an operation that no client of the file has, or two have", () => {
    assert.throws(
      () => inTypeScript("x.ts", 'import("@aws-sdk/client-ecs"); new DescribeTagsCommand({})'),
      /no client/,
    );
    assert.throws(
      () =>
        inTypeScript(
          "x.ts",
          'import("@aws-sdk/client-ec2"); import("@aws-sdk/client-auto-scaling"); new DescribeTagsCommand({})',
        ),
      /ec2 or auto-scaling/,
    );
  });

  it("finds calls in shell, in Python and in the steps of an automation", () => {
    const shell =
      '# aws s3 rm\naws elbv2 deregister-targets --x | jq\naws s3 cp --quiet "$(config .url)" "$archive"\ndocker pull image';
    assert.deepEqual(found(inShell("x.sh", shell)), [
      "elasticloadbalancing:DeregisterTargets",
      "s3:GetObject",
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]);
    const python =
      'ssm = boto3.client("ssm")\nssm.get_paginator("describe_sessions")\nboto3.client("ec2").describe_addresses()';
    assert.deepEqual(found(inPython("x.py", python)), ["ec2:DescribeAddresses", "ssm:DescribeSessions"]);
    const step = (text: string) => `mainSteps:\n  - name: a\n    action: ${text}`;
    const api = step("aws:executeAwsApi\n    inputs: { Service: ec2, Api: RebootInstances }");
    assert.deepEqual(found(inAutomation("x.yaml", api)), ["ec2:RebootInstances"]);
    assert.throws(() => inAutomation("x.yaml", step("aws:approve")), /add it to STEPS/);
  });
});
