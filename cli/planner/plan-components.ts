import * as pulumi from "@pulumi/pulumi";
import { Callback } from "@pulumi/pulumi/proto/callback_pb";
import { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A child that a remote component registers. */
export interface RemoteChild {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Outputs of it that the program reads. */
  readonly outputs: readonly string[];
}

/** What a remote component makes. */
export interface RemoteComponent {
  readonly children: readonly RemoteChild[];
  /** Its own outputs: a child, by its type, or one of that child's outputs. */
  readonly outputs: Readonly<Record<string, { readonly child: string; readonly property?: string }>>;
}

type Inputs = Readonly<Record<string, unknown>>;

const REPOSITORY = "aws:ecr/repository:Repository";

/**
 * Components whose children are registered by a plugin in a process of its own, which a plan does not have: they would be missing in
 * all that is made from plans. So what they make is told here, and a test holds it against what the real plugin made, for the very
 * version that package.json names (tests/unit/components/awsx.test.ts).
 */
const components: Readonly<Record<string, (name: string, inputs: Inputs) => RemoteComponent>> = {
  "awsx:ecr:Repository": (name, { lifecyclePolicy, ...inputs }) => {
    if (!(lifecyclePolicy as { skip?: boolean } | undefined)?.skip) {
      throw new Error(
        "cli/planner/plan-components.ts does not tell the lifecycle policy that awsx.ecr.Repository makes",
      );
    }
    const outputs = ["arn", "name", "registryId", "repositoryUrl"];
    return {
      children: [{ type: REPOSITORY, name: name.toLowerCase(), inputs, outputs }],
      outputs: { repository: { child: REPOSITORY }, url: { child: REPOSITORY, property: "repositoryUrl" } },
    };
  },
};

/** @throws {Error} for a component that is not told here: its children would vanish from the plan without a word */
export function remoteComponent(type: string, name: string, inputs: Inputs): RemoteComponent {
  const make = components[type];
  if (!make) throw new Error(`The remote component ${type} has no entry in cli/planner/plan-components.ts`);
  return make(name, inputs);
}

/** The registration of a child by the plugin of its component, whose protection it has. */
export function requestOf({ type, name, inputs }: RemoteChild, parent: string, protect: boolean) {
  const request = new RegisterResourceRequest();
  request.setType(type);
  request.setName(name);
  request.setParent(parent);
  request.setCustom(true);
  request.setProtect(protect);
  request.setObject(Struct.fromJavaScript(inputs as Record<string, JavaScriptValue>));
  return request;
}

/**
 * Stands in for the server by which the engine calls the transforms of resources; the mocks of the SDK refuse them. It takes the
 * place for as long as the stack runs whose mocks are set.
 */
export class Transforms {
  private readonly kept: pulumi.ResourceTransform[] = [];

  constructor() {
    Object.assign(require("@pulumi/pulumi/runtime/state").getStore(), { supportsTransforms: true, callbacks: this });
  }

  async registerTransform(transform: pulumi.ResourceTransform): Promise<Callback> {
    const callback = new Callback();
    callback.setToken(String(this.kept.push(transform) - 1));
    return callback;
  }

  async awaitStackRegistrations(): Promise<void> {}
  shutdown(): void {}

  /** Former URNs of a child, by the aliases that the transforms of its component give it. */
  async aliasesOf(child: RemoteChild, component: readonly Callback[]): Promise<string[]> {
    const { type, name, inputs: props } = child;
    let opts: pulumi.CustomResourceOptions = {};
    for (const callback of component) {
      const transform = this.kept[Number(callback.getToken())] as pulumi.ResourceTransform;
      const result = await transform({ custom: true, type, name, props, opts });
      opts = result?.opts ?? opts;
    }
    const aliases = (opts.aliases ?? []) as readonly pulumi.Alias[];
    return Promise.all(
      aliases.map((alias) => {
        const urn = pulumi.createUrn(alias.name ?? name, alias.type ?? type, alias.parent);
        return new Promise<string>((resolve) => urn.apply(resolve));
      }),
    );
  }
}
