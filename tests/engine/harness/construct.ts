import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import type * as provider from "@pulumi/pulumi/proto/provider_pb";
import { ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { remoteComponent, requestOf } from "../../../cli/planner/plan-components";

/** Signatures by which the engine's protocol marks special values (pulumi/sdk/nodejs/runtime/rpc.ts). */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Version of the aws plugin that awsx asks for on behalf of its children. */
const { aws: AWS_VERSION } = JSON.parse(readFileSync(join(__dirname, "../../standins/awsx.json"), "utf8")) as {
  readonly aws: string;
};

/**
 * Stands in for awsx's plugin: registers a component and its children as the real one does, which tests/unit/components/awsx.test.ts
 * compares. The engine answers each registration as it would the real plugin, with the program's transforms run on the way.
 */
export async function construct(request: provider.ConstructRequest): Promise<ConstructResponse> {
  const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
  try {
    const register = promisify(
      monitor.registerResource.bind(monitor) as Unary<RegisterResourceRequest, RegisterResourceResponse>,
    );
    const finish = promisify(
      monitor.registerResourceOutputs.bind(monitor) as Unary<RegisterResourceOutputsRequest, object>,
    );
    const inputs = plain(request.getInputs()?.toJavaScript() ?? {}) as Record<string, JavaScriptValue>;
    const made = remoteComponent(request.getType(), request.getName(), inputs);

    const component = new RegisterResourceRequest();
    component.setType(request.getType());
    component.setName(request.getName());
    component.setParent(request.getParent());
    component.setProtect(request.getProtect() ?? false);
    component.setObject(Struct.fromJavaScript({}));
    const urn = (await register(component)).getUrn();

    const children = new Map<string, RegisterResourceResponse>();
    for (const child of made.children) {
      const registration = requestOf(child, urn, request.getProtect() ?? false);
      registration.setVersion(AWS_VERSION);
      children.set(child.type, await register(registration));
    }

    const outputs = Object.entries(made.outputs).map(([key, { child, property }]) => {
      const response = children.get(child) as RegisterResourceResponse;
      const reference = { [SIGNATURE]: RESOURCE, urn: response.getUrn(), id: response.getId(), packageVersion: "" };
      return [key, property ? response.getObject()?.toJavaScript()[property] : reference];
    });
    const state = Struct.fromJavaScript(Object.fromEntries(outputs.filter(([, value]) => value !== undefined)));
    const told = new RegisterResourceOutputsRequest();
    told.setUrn(urn);
    told.setOutputs(state);
    await finish(told);
    const response = new ConstructResponse();
    response.setUrn(urn);
    response.setState(state);
    return response;
  } finally {
    monitor.close();
  }
}

type Unary<Request, Response> = (
  request: Request,
  done: (error: grpc.ServiceError | null, response: Response) => void,
) => void;

/** What a program hands on as an output, whose value is known here. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string, unknown>;
  if (object[SIGNATURE] === OUTPUT) return plain(object.value);
  return Object.fromEntries(Object.entries(object).map(([key, item]) => [key, plain(item)]));
}
