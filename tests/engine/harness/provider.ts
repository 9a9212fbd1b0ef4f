import * as grpc from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type Cloud, type Properties, parts } from "./cloud";
import { construct } from "./construct";
import { answerOf, replacing } from "./types";

type Done = (error: unknown, response?: unknown) => void;

const unary =
  <Request, Response>(handle: (request: Request) => Promise<Response> | Response) =>
  async ({ request }: { request: Request }, done: Done) => {
    try {
      done(null, await handle(request));
    } catch (error) {
      done({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) });
    }
  };
const unimplemented = (_: unknown, done: Done) => done({ code: grpc.status.UNIMPLEMENTED });

/** What the engine calls of a provider, whose resources a cloud holds. */
export const provider = (cloud: Cloud) => ({ ...PLUGIN, ...resources(cloud), ...questions(cloud) });

/** What concerns no resource. */
const PLUGIN = {
  handshake: unimplemented,
  parameterize: unimplemented,
  getSchema: unimplemented,
  getMapping: unimplemented,
  getMappings: unimplemented,
  construct: unary(construct),
  call: unimplemented,
  streamInvoke: unimplemented,
  attach: unary(() => new Empty()),
  cancel: unary(() => new Empty()),
  getPluginInfo: unary(() => {
    const info = new PluginInfo();
    info.setVersion("99.0.0");
    return info;
  }),
  checkConfig: unary((request: messages.CheckRequest) => checked(request)),
  diffConfig: unary(() => new messages.DiffResponse()),
  configure: unary((request: messages.ConfigureRequest) => {
    const response = new messages.ConfigureResponse();
    response.setSupportspreview(true);
    // What constructs components must take secrets; the others here take plain values.
    response.setAcceptsecrets(request.getType() === "pulumi:providers:awsx");
    return response;
  }),
  check: unary((request: messages.CheckRequest) => checked(request)),
  diff: unary((request: messages.DiffRequest) => {
    const olds = plain(request.getOldInputs() ?? request.getOlds());
    const news = plain(request.getNews());
    const ignored = new Set(request.getIgnorechangesList().map((path) => path.split(/[.[]/)[0]));
    const changed = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter(
      (key) => !ignored.has(key) && JSON.stringify(olds[key]) !== JSON.stringify(news[key]),
    );
    const response = new messages.DiffResponse();
    const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
    response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
    response.setDiffsList(changed);
    response.setReplacesList(changed.filter((key) => replacing(parts(request.getUrn()).type, key)));
    return response;
  }),
};

/** What changes resources. */
const resources = (cloud: Cloud) => ({
  create: unary(async (request: messages.CreateRequest) => {
    const inputs = plain(request.getProperties());
    const response = new messages.CreateResponse();
    if (request.getPreview()) {
      response.setProperties(Struct.fromJavaScript(inputs));
      return response;
    }
    const stored = await cloud.create(request.getUrn(), inputs);
    response.setId(stored.id);
    response.setProperties(Struct.fromJavaScript(stored.outputs));
    return response;
  }),
  update: unary(async (request: messages.UpdateRequest) => {
    const inputs = plain(request.getNews());
    const response = new messages.UpdateResponse();
    const outputs = request.getPreview()
      ? { ...plain(request.getOlds()), ...inputs, ...unknownVersion(parts(request.getUrn()).type) }
      : (await cloud.update(request.getUrn(), request.getId(), inputs)).outputs;
    response.setProperties(Struct.fromJavaScript(outputs));
    return response;
  }),
  delete: unary(async (request: messages.DeleteRequest) => {
    await cloud.delete(request.getUrn(), request.getId());
    return new Empty();
  }),
});

/** What asks for them. */
const questions = (cloud: Cloud) => ({
  read: unary((request: messages.ReadRequest) => {
    const response = new messages.ReadResponse();
    const stored = cloud.find(parts(request.getUrn()).type, request.getId());
    if (!stored) return response;
    response.setId(stored.id);
    response.setInputs(Struct.fromJavaScript(stored.inputs));
    response.setProperties(Struct.fromJavaScript(stored.outputs));
    return response;
  }),
  invoke: unary((request: messages.InvokeRequest) => {
    const response = new messages.InvokeResponse();
    const [token, args] = [request.getTok(), plain(request.getArgs())];
    response.setReturn(Struct.fromJavaScript(cloud.lookups[token]?.(args) ?? answerOf(token, args)));
    return response;
  }),
});

/** A parameter's version is known only after its update. */
const unknownVersion = (type: string): Properties =>
  type === "aws:ssm/parameter:Parameter" ? { version: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" } : {};

function checked(request: messages.CheckRequest): messages.CheckResponse {
  const response = new messages.CheckResponse();
  response.setInputs(request.getNews());
  return response;
}

const plain = (struct: Struct | undefined): Properties =>
  (struct?.toJavaScript() ?? {}) as Record<string, JavaScriptValue> as Properties;
