import * as pulumi from "@pulumi/pulumi";
import type { Callback } from "@pulumi/pulumi/proto/callback_pb";
import { RegisterResourceResponse } from "@pulumi/pulumi/proto/resource_pb";
import * as runtime from "@pulumi/pulumi/runtime/settings";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { PlannedResource, PlanValue } from "../../core/plan-format";
import { remoteComponent, requestOf, Transforms } from "./plan-components";
import { answer } from "./plan-lookups";
import { leaveOut } from "./plan-shortcuts";
import { Handles, plain, RESOURCE_SIGNATURE, SECRET_SIGNATURE, SIGNATURE, UNKNOWN } from "./plan-values";

/** What the program registered, as a plan lists it. */
export interface Recording {
  readonly resources: PlannedResource[];
  readonly outputs: Readonly<Record<string, PlanValue>>;
}

/** The parts of a registration request that a plan is made from. */
interface Request {
  getType(): string;
  getName(): string;
  getParent(): string;
  getCustom(): boolean;
  getRemote(): boolean;
  getObject(): { toJavaScript(): Record<string, unknown> } | undefined;
  getProtect(): boolean;
  getDependenciesList(): string[];
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getImportid(): string;
  getRetainondelete(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getTransformsList(): Callback[];
}

interface Monitor {
  /** What was registered, for later look-ups. */
  readonly resources: Map<string, { readonly urn: string; readonly id: string; readonly state: object }>;
  registerResource(request: Request, callback: (error: unknown, response?: RegisterResourceResponse) => void): void;
}

/**
 * Runs a program in this process on Pulumi's own mock runtime, as a preview, and records what it registers.
 *
 * Each output of a resource is handed out as a handle, a plain word that survives being put into strings, JSON and URLs, and is
 * found again in other resources' inputs: that is how references are kept. What only AWS knows is unknown, as in a real preview.
 */
export async function record(
  program: () => Promise<unknown>,
  stack: {
    readonly project: string;
    readonly stack: string;
    readonly config: Record<string, string>;
    readonly secretKeys: readonly string[];
  },
): Promise<Recording> {
  const handles = new Handles();
  const declared = new Map<string, readonly string[]>();
  const made: string[] = [];
  const resources: PlannedResource[] = [];

  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name }) => {
        throw new Error(`A plan reads no resource: ${type} ${name}`);
      },
      call: ({ token }) => answer(token, stack.config, handles),
    },
    stack.project,
    stack.stack,
    true,
  );
  pulumi.runtime.setAllConfig(stack.config, [...stack.secretKeys]);

  const monitor = runtime.getMonitor() as unknown as Monitor;
  recordInto(resources, { stack, monitor, handles, declared });

  let outputs: unknown;
  const restore = leaveOut();
  await untilFirstError(async () => {
    await pulumi.runtime.runInPulumiStack(async () => {
      // A transformation sees every declared output of a resource as a key of its properties.
      pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
        declared.set(`${type} ${name}`, Object.keys(props));
        // What is only referred to has been made before, by the plugin of its component.
        if (opts.urn === undefined) made.push(`${type} ${name}`);
        return { props, opts };
      });
      // The program's own, each by itself: the stack's are unknown as a whole as soon as one of them is.
      outputs = await program();
      return outputs;
    });
    // Every registration is awaited, also those that no output of the stack depends on.
    await (runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  }).finally(restore);
  return {
    resources: inOrder(resources, made),
    outputs: handles.resolve(await plain(outputs)) as Record<string, PlanValue>,
  };
}

/**
 * Resources in the order in which the program makes them: that of their registrations depends on how long each waits for its inputs,
 * such as a function for its bundle. What a plugin makes follows its component.
 */
function inOrder(resources: readonly PlannedResource[], made: readonly string[]): PlannedResource[] {
  const ranks = new Map(made.map((key, rank) => [key, rank]));
  const known = new Map<string, number>();
  for (const { urn, type, name, parent } of resources) {
    known.set(urn, ranks.get(`${type} ${name}`) ?? known.get(parent ?? "") ?? -1);
  }
  return resources.toSorted((a, b) => (known.get(a.urn) ?? 0) - (known.get(b.urn) ?? 0));
}

interface Registry {
  readonly stack: { readonly project: string; readonly stack: string };
  readonly monitor: Monitor;
  readonly handles: Handles;
  /** Outputs that resources declare, by type and name. */
  readonly declared: Map<string, readonly string[]>;
}

/**
 * Answers registrations in the engine's place, and lists them. The mocks' own way would unwrap the inputs of every resource and wrap
 * them again, which is a tenth of a plan's time.
 */
function recordInto(resources: PlannedResource[], { stack, monitor, handles, declared }: Registry): void {
  const answered = (urn: string, id: string, state: object) => {
    monitor.resources.set(urn, { urn, id, state });
    const response = new RegisterResourceResponse();
    response.setUrn(urn);
    response.setId(id);
    response.setObject(Struct.fromJavaScript(state as Parameters<typeof Struct.fromJavaScript>[0]));
    return response;
  };
  const register = (request: Request, aliases: readonly string[] = []) => {
    const urn = urnOf(stack, request);
    const inputs = request.getObject()?.toJavaScript() ?? {};
    resources.push(planned(urn, request, inputs, handles, aliases));
    return request.getCustom()
      ? answered(urn, handles.of(urn, "id"), outputsOf(urn, request, inputs, declared, handles))
      : answered(urn, "", inputs);
  };
  const transforms = new Transforms();
  const construct = async (request: Request) => {
    const urn = urnOf(stack, request);
    const inputs = request.getObject()?.toJavaScript() ?? {};
    const { children, outputs } = remoteComponent(request.getType(), request.getName(), inputs);
    // In the state of a stack a remote component has no inputs: its children have them.
    resources.push(planned(urn, request, {}, handles, []));
    const urns = new Map<string, string>();
    for (const child of children) {
      const aliases = await transforms.aliasesOf(child, request.getTransformsList());
      declared.set(`${child.type} ${child.name}`, child.outputs);
      urns.set(child.type, register(requestOf(child, urn, request.getProtect()) as Request, aliases).getUrn());
    }
    const state = Object.entries(outputs).map(([key, { child, property }]) => {
      const of = urns.get(child) as string;
      const reference = { [SIGNATURE]: RESOURCE_SIGNATURE, urn: of, id: handles.of(of, "id"), packageVersion: "" };
      return [key, property ? handles.of(of, property) : reference];
    });
    return answered(urn, "", Object.fromEntries(state));
  };
  monitor.registerResource = (request, callback) => {
    if (!request.getRemote()) return callback(null, register(request));
    construct(request).then((response) => callback(null, response), callback);
  };
}

/**
 * The URN as the engine forms it, with the types of all parents, so that a plan and a preview of the same resource meet; the mock
 * runtime's names the nearest one alone.
 */
function urnOf({ stack, project }: { readonly stack: string; readonly project: string }, request: Request): string {
  const type = request.getType();
  const above = request.getParent().split("::")[2];
  const types = above === undefined || above === "pulumi:pulumi:Stack" ? type : `${above}$${type}`;
  return `urn:pulumi:${stack}::${project}::${types}::${request.getName()}`;
}

/** Outputs with a shape that the program looks into. */
function structured(
  type: string,
  urn: string,
  inputs: Readonly<Record<string, unknown>>,
  handles: Handles,
): Record<string, unknown> {
  // What Vercel answers for a domain that no other account uses.
  if (type === "vercel:index/projectDomain:ProjectDomain") return { verifications: [] };
  if (type !== "aws:acm/certificate:Certificate") return {};
  const names = [inputs.domainName as string, ...((inputs.subjectAlternativeNames as string[] | undefined) ?? [])];
  return {
    domainValidationOptions: names.map((domainName, index) => ({
      domainName,
      ...Object.fromEntries(
        ["resourceRecordName", "resourceRecordType", "resourceRecordValue"].map((key) => [
          key,
          handles.of(urn, `domainValidationOptions[${index}].${key}`),
        ]),
      ),
    })),
  };
}

/** Every output that the resource's class declares: what was put in, else a handle. */
function outputsOf(
  urn: string,
  request: Request,
  inputs: Readonly<Record<string, unknown>>,
  declared: ReadonlyMap<string, readonly string[]>,
  handles: Handles,
): Record<string, unknown> {
  const type = request.getType();
  const outputs = structured(type, urn, inputs, handles);
  for (const key of declared.get(`${type} ${request.getName()}`) ?? []) {
    if (outputs[key] !== undefined) continue;
    const given = inputs[key];
    outputs[key] = given === undefined || given === UNKNOWN ? handles.of(urn, key) : given;
  }
  for (const key of request.getAdditionalsecretoutputsList()) {
    outputs[key] = { [SIGNATURE]: SECRET_SIGNATURE, value: outputs[key] };
  }
  return outputs;
}

function planned(
  urn: string,
  request: Request,
  inputs: Readonly<Record<string, unknown>>,
  handles: Handles,
  aliases: readonly string[],
): PlannedResource {
  // A dynamic resource carries its provider's code among its inputs.
  const { __provider: _, ...given } = inputs;
  const parent = request.getParent();
  const importId = request.getImportid();
  const replaceOnChanges = request.getReplaceonchangesList();
  const trigger = request.getReplacementTrigger();
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    ...(parent ? { parent } : {}),
    custom: request.getCustom(),
    inputs: handles.resolve(given) as Record<string, PlanValue>,
    protect: request.getProtect(),
    dependencies: [...request.getDependenciesList()].sort(),
    ignoreChanges: request.getIgnorechangesList(),
    ...(replaceOnChanges.length > 0 ? { replaceOnChanges } : {}),
    ...(trigger ? { replacementTrigger: handles.resolve(trigger.toJavaScript()) } : {}),
    retainOnDelete: request.getRetainondelete(),
    ...(importId ? { importId } : {}),
    ...(aliases.length > 0 ? { aliases } : {}),
  };
}

/** An error inside an `apply` reaches nobody but the process: here it ends the plan. */
async function untilFirstError(run: () => Promise<void>): Promise<void> {
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  process.on("unhandledRejection", fail);
  process.on("uncaughtException", fail);
  try {
    await Promise.race([run(), failed]);
  } finally {
    process.off("unhandledRejection", fail);
    process.off("uncaughtException", fail);
  }
}
