import type { Cloud, Properties, Stored } from "./cloud";
import { writes } from "./types";
import { worldNow } from "./world";

const SERVICE = "aws:ecs/service:Service";
const GROUP = "aws:autoscaling/group:Group";
const PARAMETER = "aws:ssm/parameter:Parameter";
const TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate";

/** World seconds that a deployment, a refresh or a command takes, and again as many for its way back. */
const TAKES = 15;

interface Deployment {
  readonly id: string;
  readonly definition: string;
  readonly created: number;
  updated: number;
  state: "IN_PROGRESS" | "COMPLETED" | "FAILED";
}

interface Template {
  readonly id: string;
  readonly version: string;
}

interface Refresh {
  readonly id: string;
  readonly desired: Template;
  readonly before: Template;
  readonly begun: number;
  status: string;
  reason?: string;
}

interface GroupState {
  template: Template;
  instances: Template[];
  /** Newest first. */
  readonly refreshes: Refresh[];
}

interface Command {
  readonly id: string;
  readonly parameter: string;
  readonly instance: string;
  readonly begun: number;
  status: "InProgress" | "Success" | "Failed";
}

/** What AWS answers an error with, and under which name. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Services, groups and the server behind the providers' stand-in, while releases roll out: by the facts of
 * tests/standins/rollout-facts.ts, and by the clock of the world. A test orders which release never gets well.
 */
export class Rollouts {
  /** Releases that never get well. */
  readonly bad = new Set<string>();
  /** What somebody has begun by the API, for example `UpdateService v2`. */
  readonly begun: string[] = [];
  /** Values that were written to parameters by the API: `name value`. */
  readonly written: string[] = [];
  private readonly services = new Map<string, Deployment[]>();
  private readonly groups = new Map<string, GroupState>();
  private readonly commands: Command[] = [];
  private serial = 0;

  constructor(private readonly cloud: Cloud) {}

  /** What the provider has just done to AWS. What it throws is the provider's error. */
  applied(op: "create" | "update", stored: Stored, before: Properties): void {
    const { type, inputs } = stored;
    if (type === SERVICE && (op === "create" || inputs.taskDefinition !== before.taskDefinition)) {
      this.deploy(stored.id, inputs.taskDefinition);
      // The provider waits until the service is steady, whatever is steady then.
      this.settle(stored.id, Number.POSITIVE_INFINITY);
      if (this.services.get(stored.id)?.[0]?.state === "FAILED")
        throw new Error("timeout while waiting for a steady state");
    }
    if (type === GROUP) this.size(op, stored, before);
    if (type === "aws:ec2/instance:Instance" && op === "create") this.tell(inputs.tags["boot-parameter"], stored.id);
  }

  /** @returns brings back what is rolled out now */
  save(): () => void {
    const state = { services: this.services, groups: this.groups, commands: this.commands };
    const kept = structuredClone(state);
    const [begun, written] = [[...this.begun], [...this.written]];
    return () => {
      const { services, groups, commands } = structuredClone(kept);
      replace(this.services, services);
      replace(this.groups, groups);
      this.commands.splice(0, Number.POSITIVE_INFINITY, ...commands);
      this.begun.splice(0, Number.POSITIVE_INFINITY, ...begun);
      this.written.splice(0, Number.POSITIVE_INFINITY, ...written);
    };
  }

  begin(what: string): void {
    this.begun.push(what);
    this.cloud.began(what);
  }

  /** The release that a tier serves, as far as it is known here. */
  serving(tier: string): string | undefined {
    if (tier === "fargate") {
      const [service] = this.cloud.of(SERVICE);
      return service && this.releaseOfDefinition(this.running(service.id)?.definition ?? "");
    }
    if (tier === "ha-web-tier") {
      const [group] = this.cloud.of(GROUP);
      const [instance] = (group && this.group(group.outputs.name)?.instances) ?? [];
      return instance && this.releaseOfTemplate(instance);
    }
    if (tier !== "monitored-instance") return undefined;
    const [server] = this.cloud.of("aws:ec2/instance:Instance");
    const record = server && this.recordOf(server.inputs.tags["boot-parameter"])?.inputs.value;
    return record?.includes(":") ? this.boot(record.split(" ")[1])?.version : undefined;
  }

  /** A group after everything that the time has brought. */
  group(name: string): GroupState | undefined {
    const state = this.groups.get(name);
    if (!state) return undefined;
    const [latest] = state.refreshes;
    const elapsed = latest ? (worldNow() - latest.begun) / 1000 : 0;
    if (!latest || elapsed < TAKES) return state;
    if (latest.status === "InProgress") {
      const bad = this.bad.has(this.releaseOfTemplate(latest.desired) ?? "");
      if (bad) {
        latest.status = "RollbackInProgress";
        latest.reason = "instances failed the load balancer's health check";
      } else {
        latest.status = "Successful";
        state.template = latest.desired;
        state.instances = state.instances.map(() => latest.desired);
      }
    }
    if (latest.status === "RollbackInProgress" && elapsed >= 2 * TAKES) {
      latest.status = "RollbackSuccessful";
      // To what the group has: the version before, unless somebody has written the new one to it already.
      state.instances = state.instances.map(() => state.template);
    }
    return state;
  }

  startRefresh(name: string, desired: Template | undefined, autoRollback: boolean): string {
    const state = this.group(name);
    if (!state) throw new Refused("ValidationError", `no group ${name}`);
    if (["InProgress", "RollbackInProgress"].includes(state.refreshes[0]?.status ?? "")) {
      throw new Refused("InstanceRefreshInProgress", "an instance refresh is under way");
    }
    if (autoRollback && !desired) throw new Refused("ValidationError", "AutoRollback needs a desired configuration");
    const wanted = desired ?? state.template;
    for (const { version, id } of autoRollback ? [wanted, state.template] : []) {
      const image = this.template({ id, version })?.imageId;
      if (!/^\d+$/.test(version) || String(image).startsWith("resolve:ssm")) {
        throw new Refused("ValidationError", "AutoRollback needs a numbered version and an AMI id");
      }
    }
    this.serial += 1;
    const id = `refresh-${this.serial}`;
    state.refreshes.unshift({ id, desired: wanted, before: state.template, begun: worldNow(), status: "InProgress" });
    return id;
  }

  /** Deployments of a service, the primary first. */
  deployments(id: string): readonly Deployment[] {
    this.settle(id, worldNow());
    return this.services.get(id) ?? [];
  }

  deploy(id: string, definition: string): void {
    const now = worldNow();
    this.serial += 1;
    const earlier = (this.services.get(id) ?? []).filter(({ state }) => state === "COMPLETED").slice(0, 1);
    const next: Deployment = {
      id: `ecs-svc/${this.serial}`,
      definition,
      created: now,
      updated: now,
      state: "IN_PROGRESS",
    };
    this.services.set(id, [next, ...earlier]);
  }

  send(parameter: string, instance: string): string {
    this.serial += 1;
    const id = `release-${this.serial}`;
    this.commands.push({ id, parameter, instance, begun: worldNow(), status: "InProgress" });
    return id;
  }

  command(id: string): Command | undefined {
    const found = this.commands.find((one) => one.id === id);
    if (found?.status === "InProgress" && worldNow() - found.begun >= TAKES * 1000) {
      const bad = this.bad.has(this.boot(found.parameter)?.version ?? "");
      found.status = bad ? "Failed" : "Success";
      if (!bad) this.tell(found.parameter, found.instance);
    }
    return found;
  }

  underWay = (): Command | undefined =>
    this.commands.map(({ id }) => this.command(id)).find((one) => one?.status === "InProgress");

  write(name: string, value: string): void {
    const found = this.parameter(name);
    if (!found) throw new Refused("ParameterNotFound", name);
    this.written.push(`${found.name} ${value}`);
    found.inputs = { ...found.inputs, value };
    found.outputs = { ...found.outputs, value, version: found.outputs.version + 1 };
    found.modified = worldNow();
  }

  /** A boot parameter, as `name` or `name:version`. */
  boot(reference = ""): Properties | undefined {
    const [name = "", version] = reference.split(":");
    const found = this.parameter(name);
    const written = this.cloud.calls.filter((call) => call.op !== "delete" && call.urn === found?.urn && writes(call));
    // A parameter that was made anew counts its versions from one.
    const first = written.map(({ op }) => op).lastIndexOf("create");
    const text = (version ? written[first + Number(version) - 1] : written.at(-1))?.inputs.value;
    return text && JSON.parse(text);
  }

  releaseOfDefinition(definition: string): string | undefined {
    const found = this.cloud
      .of("aws:ecs/taskDefinition:TaskDefinition")
      .find(({ outputs }) => outputs.arn === definition);
    const [container] = found ? (JSON.parse(found.inputs.containerDefinitions) as Properties[]) : [];
    return container?.environment.find(({ name }: Properties) => name === "SITE_VERSION")?.value;
  }

  /** Whether an instance of a template listens where its target groups ask it. */
  private listens(template: Template, groups: readonly string[]): boolean {
    const port = this.bootOf(template)?.port;
    return this.cloud
      .of("aws:lb/targetGroup:TargetGroup")
      .every(({ id, inputs }) => !groups.includes(id) || inputs.port === port);
  }

  releaseOfTemplate = (template: Template): string | undefined => this.bootOf(template)?.version;

  private bootOf = (template: Template): Properties | undefined =>
    this.boot(this.template(template)?.tagSpecifications?.[0]?.tags["boot-parameter"]);

  private template({ id, version }: Template): Properties | undefined {
    const stored = this.cloud.of(TEMPLATE).find((one) => one.id === id);
    const made = this.cloud.calls.filter(({ op, urn }) => op !== "delete" && urn === stored?.urn);
    // A template that was made anew counts its versions from one.
    const first = made.map(({ op }) => op).lastIndexOf("create");
    return made[first + Number(version) - 1]?.inputs;
  }

  private parameter = (name: string) => this.cloud.of(PARAMETER).find(({ outputs }) => outputs.name === name);

  private recordOf = (boot: string) => this.parameter(this.boot(boot)?.record ?? "");

  /** A server has booted or installed a release, and says so itself. */
  private tell(reference: string, instance: string): void {
    const record = this.boot(reference)?.record;
    if (!record || this.bad.has(this.boot(reference)?.version)) return;
    const [name = "", version] = reference.split(":");
    this.write(record, `${instance} ${name}:${version ?? this.parameter(name)?.outputs.version}`);
  }

  private running(id: string): Deployment | undefined {
    const all = this.deployments(id);
    return all[0]?.state === "COMPLETED" ? all[0] : (all.find(({ state }) => state === "COMPLETED") ?? all[0]);
  }

  /** A deployment ends; a bad one returns to the latest that has completed, in that deployment. */
  private settle(id: string, now: number): void {
    const [latest, before] = this.services.get(id) ?? [];
    if (latest?.state !== "IN_PROGRESS" || now - latest.created < TAKES * 1000) return;
    latest.updated = worldNow();
    latest.state = this.bad.has(this.releaseOfDefinition(latest.definition) ?? "") ? "FAILED" : "COMPLETED";
    if (latest.state === "COMPLETED") this.services.set(id, [latest]);
    else if (before) {
      before.updated = worldNow();
      this.services.set(id, [before]);
    }
  }

  private size(op: "create" | "update", { inputs, outputs }: Stored, before: Properties): void {
    const { name } = outputs;
    const { launchTemplate, minSize = 1, desiredCapacity = minSize } = inputs;
    const asked = { id: launchTemplate.id, version: String(launchTemplate.version) };
    if (op === "create") {
      const template = asked;
      this.groups.set(name, { template, instances: Array(desiredCapacity).fill(template), refreshes: [] });
      if (this.bad.has(this.releaseOfTemplate(asked) ?? "") || !this.listens(asked, inputs.targetGroupArns)) {
        throw new Error("timeout while waiting for ELB capacity");
      }
      return;
    }
    const state = this.group(name) as GroupState;
    const changed = JSON.stringify(launchTemplate) !== JSON.stringify(before.launchTemplate);
    if (changed) {
      state.template = asked;
      if (inputs.instanceRefresh) this.startRefresh(name, asked, inputs.instanceRefresh.preferences?.autoRollback);
    }
    while (state.instances.length < minSize) state.instances.push(state.template);
    const exactly = inputs.waitForElbCapacity;
    if (exactly !== undefined && state.instances.length !== exactly) {
      throw new Error(
        `timeout while waiting for exactly ${exactly} healthy instances; there are ${state.instances.length}`,
      );
    }
  }

  /** The load has risen. */
  scaleOut(name: string, to: number): void {
    const state = this.group(name) as GroupState;
    while (state.instances.length < to) state.instances.push(state.template);
  }
}

function replace<Value>(map: Map<string, Value>, entries: ReadonlyMap<string, Value>): void {
  map.clear();
  for (const [key, value] of entries) map.set(key, value);
}
