import assert from "node:assert/strict";
import { planStack } from "../../../../cli/planner/planner";
import { readRunbook } from "../../../../components/aws/runbook";
import { renderAgentConfig } from "../../../../components/tiers/boot-config";
import type { Plan, PlanValue } from "../../../../core/plan-format";
import { checkSettings, SettingsError } from "../../../../stacks/settings/settings-check";
import { named, planOf, text } from "./server-plan";

const server = {
  instanceId: "i-0123456789abcdef0",
  securityGroupId: "sg-0a1b2c3d4e5f60718",
  addresses: ["203.0.113.10"],
};
const alarmsOf = ({ resources }: Plan) =>
  resources.filter(({ type, name }) => type.endsWith(":MetricAlarm") && name.startsWith("monitored-instance-"));
interface AgentConfig {
  readonly metrics: {
    readonly namespace: string;
    readonly append_dimensions: Readonly<Record<string, string>>;
    readonly aggregation_dimensions: readonly (readonly string[])[];
    readonly metrics_collected: Readonly<Record<string, unknown>>;
  };
}

interface Collected {
  readonly measurement: readonly string[];
  readonly resources?: readonly string[];
  readonly drop_original_metrics?: readonly string[];
  readonly pattern?: string;
}

/** Name and dimensions of every metric that the agent publishes under its config, as one text each. */
function published(config: AgentConfig): Set<string> {
  const { metrics } = config;
  const found = new Set<string>();
  const add = (metric: string, dimensions: Record<string, string>) =>
    found.add(`${metrics.namespace} ${metric} ${JSON.stringify(Object.entries(dimensions).sort())}`);
  for (const [plugin, entry] of Object.entries(metrics.metrics_collected)) {
    for (const { measurement, resources = [""], drop_original_metrics = [], pattern } of [
      entry,
    ].flat() as Collected[]) {
      for (const name of measurement) {
        const metric = plugin === "procstat" ? `procstat_lookup_${name}` : `${plugin}_${name}`;
        for (const resource of resources) {
          const own: Record<string, string> = {
            ...Object.fromEntries(Object.keys(metrics.append_dimensions).map((key) => [key, "instance"])),
            // A device's name and its file system change between instance types.
            ...(resource ? { path: resource, device: "changes", fstype: "changes" } : {}),
            ...(pattern ? { pattern, pid_finder: "native" } : {}),
          };
          if (!drop_original_metrics.includes(name)) add(metric, own);
          for (const rolled of metrics.aggregation_dimensions) {
            if (rolled.every((key) => key in own))
              add(metric, Object.fromEntries(rolled.map((key) => [key, own[key] as string])));
          }
        }
      }
    }
  }
  return found;
}

describe("a monitored instance", () => {
  let created: Plan;
  let existing: Plan;
  let standard: Plan;

  before(async function () {
    this.timeout(60_000);
    created = await planOf({});
    existing = await planOf({ existing: server });
    standard = await planOf({ monitoring: { level: "standard" } });
  });

  it("watches only metrics that the agent's config really publishes, dimension by dimension", () => {
    const groups = { "nginx-access": "a", "nginx-error": "b", app: "c", system: "d" };
    const metrics = published(JSON.parse(renderAgentConfig("instance", { logGroups: groups })));
    let joined = 0;
    for (const plan of [created, existing, standard]) {
      const filters = plan.resources
        .filter(({ type }) => type.endsWith(":LogMetricFilter"))
        .map(({ inputs }) => (inputs.metricTransformation as Record<string, string>).name);
      for (const { name, inputs } of alarmsOf(plan)) {
        if (inputs.namespace !== "Site" || filters.includes(String(inputs.metricName))) continue;
        const given = Object.entries((inputs.dimensions ?? {}) as Record<string, PlanValue>);
        const dimensions = given
          .map(([key, value]) => [key, key === "InstanceId" ? "instance" : text(value)])
          .sort(([a = ""], [b = ""]) => a.localeCompare(b));
        if (inputs.metricName === "CertificateDaysToExpiry") {
          // Published by the renewal timer, not by the agent.
          assert.match(readRunbook("boot-instance.sh"), /--metric-name CertificateDaysToExpiry/);
          assert.deepEqual(
            dimensions.map(([key]) => key),
            ["Domain"],
          );
          continue;
        }
        const wanted = `Site ${inputs.metricName} ${JSON.stringify(dimensions)}`;
        assert.ok(metrics.has(wanted), `${name} watches ${wanted}; the agent publishes\n${[...metrics].join("\n")}`);
        joined++;
      }
    }
    assert.ok(joined >= 12, `${joined} alarms were joined`);
  });

  it("stays within ten free alarms and ten free metrics unless asked for more", () => {
    for (const plan of [created, existing]) {
      assert.ok(alarmsOf(plan).length <= 10, `${alarmsOf(plan).map(({ name }) => name)}`);
      const custom = new Set(
        alarmsOf(plan)
          .filter(({ inputs }) => inputs.namespace === "Site")
          .map(({ inputs }) => text({ metric: inputs.metricName ?? "", dimensions: inputs.dimensions ?? {} })),
      );
      assert.ok(custom.size <= 10, `${[...custom]}`);
    }
    assert.ok(alarmsOf(standard).length > 10);
  });

  it("says which alarms are free, and what more would cost", async () => {
    const said = (plan: Plan) =>
      plan.notices.map(({ message }) => message).find((m) => /free/.test(m) && /alarm/.test(m));
    assert.match(said(created) ?? "", /monitoring\.level standard/);
    assert.match(said(created) ?? "", /0\.10 USD/);
    assert.match(said(standard) ?? "", /0\.10 USD/);
    assert.doesNotMatch(said(created) ?? "", /Not free/);
    const further = { backups: { enabled: true }, uptime: { provider: "route53" } };
    assert.match(said(await planOf(further)) ?? "", /Not free .* backups\.enabled, uptime\.provider/);
  });

  it("lets EC2 recover the machine and reboot the system, at different counts", () => {
    const actions = (name: string) => (named(created, name).inputs.alarmActions as PlanValue[]).map(text).join(" ");
    assert.match(actions("monitored-instance-system-check"), /ec2:recover/);
    assert.match(actions("monitored-instance-instance-check"), /ec2:reboot/);
    assert.notEqual(
      named(created, "monitored-instance-system-check").inputs.evaluationPeriods,
      named(created, "monitored-instance-instance-check").inputs.evaluationPeriods,
    );
  });

  it("takes over a server without a resource that creates, replaces or stops one", () => {
    const types = existing.resources.map(({ type }) => type);
    for (const type of types) {
      assert.doesNotMatch(
        type,
        /^aws:ec2\/(instance|eip|eipAssociation|launchTemplate|networkInterface\w*|volumeAttachment|spotInstanceRequest):|^aws:autoscaling/,
      );
    }
    for (const { name, inputs } of alarmsOf(existing)) {
      const { InstanceId } = (inputs.dimensions ?? {}) as Record<string, PlanValue>;
      assert.ok(InstanceId === undefined || InstanceId === server.instanceId, name);
    }
    const probe = named(existing, "traffic-serving").inputs;
    assert.deepEqual(probe.records, server.addresses);
  });

  it("keeps the agent, its config and the timer that heals on every server, by associations that a change runs again", () => {
    for (const [plan, id] of [
      [existing, server.instanceId],
      [created, "<monitored-instance-instance.id>"],
    ] as const) {
      for (const [name, document] of [
        ["agent-configure", "agent-document"],
        ["heal", "recovery-command"],
      ]) {
        const { inputs } = named(plan, `monitored-instance-${name}`);
        const [target] = inputs.targets as { key: string; values: PlanValue[] }[];
        assert.deepEqual([target?.key, target?.values.map(text)], ["InstanceIds", [id]]);
        assert.equal(text(inputs.name), `<monitored-instance-${document}.name>`);
        // Named by its version, a changed document is an edited association, which State Manager runs at once.
        assert.equal(text(inputs.documentVersion), `<monitored-instance-${document}.latestVersion>`);
        assert.equal(inputs.applyOnlyAtCronInterval, undefined);
      }
      const configured = named(plan, "monitored-instance-agent-configure").inputs.parameters as Record<
        string,
        PlanValue
      >;
      assert.equal(text(configured.ConfigVersion), "<monitored-instance-agent.version>");
      const healed = named(plan, "monitored-instance-heal").inputs.parameters as Record<string, PlanValue>;
      assert.equal(healed.Step, "install");
    }
  });

  it("installs security updates once a week on a server that the stack made, and not when it is made", async () => {
    const { inputs } = named(created, "monitored-instance-patch");
    assert.equal(inputs.applyOnlyAtCronInterval, true);
    assert.match(text(inputs.scheduleExpression), /^cron\(/);
    const { content } = named(created, "monitored-instance-patch-document").inputs;
    assert.match(text(content), /dnf upgrade --assumeyes --security/);
    assert.doesNotMatch(text(content), /reboot now|systemctl reboot|shutdown/);
    const off = await planStack("prod", {
      architecture: "monitored-instance",
      config: { instance: { securityUpdates: "off" } },
    });
    for (const plan of [existing, off]) {
      assert.deepEqual(
        plan.resources.filter(({ name }) => name.startsWith("monitored-instance-patch")),
        [],
      );
    }
  });

  it("lets alarms and a schedule start the watcher alone, which alone may start the automation", () => {
    for (const plan of [created, existing]) {
      const started = plan.resources.filter(
        ({ type, name }) => /eventTarget/.test(type) && /^monitored-instance-/.test(name),
      );
      assert.equal(started.length, 2);
      for (const { inputs } of started) {
        assert.equal(text(inputs.arn), "<monitored-instance-recovery-watcher-function.arn>");
        assert.match(text(inputs.deadLetterConfig), /monitored-instance-recovery-watcher-failed/);
        assert.equal(inputs.roleArn, undefined);
      }
      const starters = plan.resources
        .filter(
          ({ type, inputs }) => /rolePolicy:/.test(type) && text(inputs.policy).includes("StartAutomationExecution"),
        )
        .map(({ name }) => name);
      assert.deepEqual(starters, ["monitored-instance-recovery-watcher-role-policy"]);
      // All three forms that the reference asks for.
      const policy = text(named(plan, starters[0] as string).inputs.policy);
      for (const form of [
        "automation-definition/",
        ":document/<monitored-instance-recovery-automation.name>",
        "automation-execution/*",
      ])
        assert.ok(policy.includes(form), form);
    }
  });

  it("keeps what could not be started in a queue, and an alarm tells of it", () => {
    for (const plan of [created, existing, standard]) {
      const policy = text(named(plan, "monitored-instance-recovery-watcher-failed-policy").inputs.policy);
      for (const rule of ["schedule", "on-alarm"])
        assert.ok(policy.includes(`<monitored-instance-recovery-watcher-${rule}.arn>`), rule);
      const alarm = named(plan, "monitored-instance-recovery-watcher-failed-looks").inputs;
      assert.equal(alarm.metricName, "ApproximateNumberOfMessagesVisible");
      assert.match(text(alarm.dimensions), /monitored-instance-recovery-watcher-failed/);
      const retries = named(plan, "monitored-instance-recovery-watcher-retries").inputs;
      assert.match(text(retries.destinationConfig), /monitored-instance-recovery-watcher-failed/);
    }
    const invocations = named(standard, "monitored-instance-recovery-watcher-failed-invocations").inputs;
    assert.equal(invocations.metricName, "FailedInvocations");
    assert.match(text(invocations.dimensions), /monitored-instance-recovery-watcher-schedule/);
  });

  it("lets the server write a run's evidence to its log group, and read no parameter but its own", () => {
    for (const plan of [created, existing]) {
      const policies = plan.resources.filter(
        ({ type, inputs }) => /rolePolicy:/.test(type) && text(inputs.role) === "<monitored-instance-role.id>",
      );
      const statements = policies.flatMap(
        ({ inputs }) =>
          (JSON.parse(text(inputs.policy)) as { Statement: { Action: string[]; Resource: string[] }[] }).Statement,
      );
      const resourcesOf = (action: string) =>
        statements.filter(({ Action }) => Action.includes(action)).flatMap(({ Resource }) => Resource);
      assert.ok(resourcesOf("logs:PutLogEvents").includes("<monitored-instance-recovery-logs.arn>:*"));
      assert.deepEqual(resourcesOf("logs:DescribeLogGroups"), ["*"]);
      const read = [...resourcesOf("ssm:GetParameter"), ...resourcesOf("ssm:GetParameters")];
      assert.ok(
        read.length > 0 && read.every((arn) => /^<monitored-instance-(agent|boot)\.arn>$/.test(arn)),
        `${read}`,
      );
      const attached = plan.resources.filter(({ type }) => type.includes("rolePolicyAttachment"));
      assert.ok(!attached.some(({ inputs }) => text(inputs.policyArn).includes("AmazonSSM")));
    }
  });

  it("has no recovery where recovery.maxPerHour is 0, and then alarms on what the watcher would tell", async function () {
    this.timeout(60_000);
    const off = await planOf({ recovery: { maxPerHour: 0 } });
    assert.ok(!off.resources.some(({ name }) => name.startsWith("monitored-instance-recovery")));
    const certificate = named(off, "monitored-instance-certificate").inputs;
    // A renewal timer that is dead sends nothing.
    assert.equal(certificate.treatMissingData, "breaching");
  });

  const wrong: [title: string, config: Record<string, unknown>, key: string, allowed: RegExp][] = [
    [
      "an instance id that is none",
      { "iamvet:existing": { ...server, instanceId: "web-1" } },
      "iamvet:existing.instanceId",
      /an EC2 instance id/,
    ],
    [
      "an unknown process manager",
      { "iamvet:existing": { ...server, processManager: "forever" } },
      "iamvet:existing.processManager",
      /pm2, systemd or docker/,
    ],
    ["no one who is alerted", { "iamvet:alerts": undefined }, "iamvet:alerts", /at least emails/],
    ["an empty list of addresses", { "iamvet:alerts": { emails: [] } }, "iamvet:alerts.emails", /at least one/],
  ];
  for (const [title, config, key, allowed] of wrong) {
    it(`refuses ${title}, and says how to mend it`, () => {
      const valid = { "iamvet:domain": { name: "iamvet.kr" }, "iamvet:alerts": { emails: ["ops@iamvet.kr"] } };
      const given = Object.entries({ ...valid, ...config }).filter(([, value]) => value !== undefined);
      const raw = Object.fromEntries(given.map(([name, value]) => [name, JSON.stringify(value)]));
      assert.throws(
        () => checkSettings("iamvet", "staging", raw),
        (error: unknown) => {
          assert.ok(error instanceof SettingsError);
          const [problem] = error.problems;
          assert.equal(problem?.key, key);
          assert.match(problem?.allowed ?? "", allowed);
          assert.match(problem?.fix ?? "", /pulumi config set/);
          return true;
        },
      );
    });
  }
});
