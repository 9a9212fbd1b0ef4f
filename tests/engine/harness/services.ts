import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import type { Cloud, Properties, Stored } from "./cloud";
import { existingApi } from "./existing-api";
import { changeRecords, noSuchZone } from "./records";
import { element, failure, json, members, type Reply, result, xml } from "./replies";
import { rolloutApi } from "./rollout-api";
import { writes } from "./types";
import { type Answer, answer, pick } from "./visits";
import { ACCOUNT, ADDRESSES, BALANCER_NAME, DOMAIN, dns, REGION, worldNow } from "./world";

export { tierOf } from "./visits";

/** What a tier answers; tests change it while an update runs. */
export interface Answered {
  readonly time: number;
  readonly tier: string;
  readonly healthy: boolean;
  /** Whether a probe rule's header led the request to its tier. */
  readonly probe: boolean;
  /** What answered: a target group's ARN, or an address. */
  readonly target: string;
}

export interface Health {
  readonly answers: Answered[];
  /** Tiers that answer 503 although they are deployed. */
  readonly sick: Set<string>;
  /** Ports at which the app never answers, as with a wrong `app.port`. */
  readonly deadPorts: Set<number>;
  /** Release that a tier tells where it is not known which one it runs. */
  version: string;
  /** Names of alarms that are raised, as far as they exist. */
  readonly raised: Set<string>;
  /** Snapshots of databases that were made, by name. */
  readonly snapshots: string[];
  /** Whether a server that no stack has made answers at the instance's address. */
  ownServer: boolean;
}

/** The servers around the cloud; all of them answer from what the providers' stand-in holds at that moment. */
export interface Services {
  readonly apiPort: number;
  /** Local port by `address:443` of a tier. */
  readonly ports: Readonly<Record<string, number>>;
  /** Authority that signed the tiers' certificate. */
  readonly caFile: string;
  readonly health: Health;
  /** What the server at an address answers a request. */
  respond(address: string, headers: IncomingHttpHeaders): Answer;
  /** Addresses that Route 53 answers with. */
  addresses(name: string): readonly string[];
  stop(): void;
}

export async function startServices(cloud: Cloud, folder: string): Promise<Services> {
  const health: Health = {
    answers: [],
    sick: new Set(),
    deadPorts: new Set(),
    version: "v1",
    raised: new Set(),
    snapshots: [],
    ownServer: false,
  };
  const servers: Server[] = [];
  const listening = async (server: Server) => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  };
  const tls = certificate(folder);
  const ports: Record<string, number> = {};
  const respond: Services["respond"] = (address, headers) => answer(cloud, health, address, { headers });
  for (const address of [...ADDRESSES.instances, ...ADDRESSES.balancer, ...ADDRESSES.vercel]) {
    const server = createTlsServer(tls, (request, response) => {
      const { status, body, cookie, location } = respond(address, request.headers);
      const headers = {
        "content-type": "application/json",
        connection: "close",
        ...(cookie && { "set-cookie": cookie }),
        ...(location && { location }),
      };
      response.writeHead(status, headers).end(body);
    });
    ports[`${address}:443`] = await listening(server);
  }
  const apiPort = await listening(
    createServer((request, response) => {
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", async () => {
        const action = actionOf(request, text);
        const app = /\bapp\/(\S+)/.exec(String(request.headers["user-agent"]))?.[1];
        await cloud.asked(action, "before", app);
        const { status = 200, type, body } = api(cloud, health, request, text);
        await cloud.asked(action, "after", app);
        response.setHeader("date", new Date(worldNow()).toUTCString());
        response.writeHead(status, { "content-type": type }).end(body);
      });
    }),
  );
  const names = createSocket("udp4");
  names.on("message", (question, from) => {
    const reply = resolve(cloud, question);
    if (reply) names.send(reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => names.bind(0, "127.0.0.1", resolve));
  dns.server = `127.0.0.1:${names.address().port}`;
  return {
    apiPort,
    ports,
    caFile: join(folder, "ca.pem"),
    health,
    respond,
    addresses: (name) => addressesOf(cloud, name),
    stop: () => {
      names.close();
      for (const server of servers) server.close();
    },
  };
}

/** A certificate for the site's name, from an authority of its own. */
function certificate(folder: string) {
  const at = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  openssl("req", "-x509", ...key, "-subj", "/CN=tests", "-keyout", at("ca.key"), "-out", at("ca.pem"));
  openssl(
    ...[
      "req",
      "-x509",
      ...key,
      "-subj",
      `/CN=${DOMAIN}`,
      "-addext",
      `subjectAltName=DNS:${DOMAIN},DNS:www.${DOMAIN},DNS:new.${DOMAIN}`,
    ],
    ...["-addext", "basicConstraints=critical,CA:FALSE", "-CA", at("ca.pem"), "-CAkey", at("ca.key")],
    ...["-keyout", at("site.key"), "-out", at("site.pem")],
  );
  return { key: readFileSync(at("site.key")), cert: readFileSync(at("site.pem")) };
}

const weightOf = ({ inputs }: Stored): number => inputs.weightedRoutingPolicies?.[0]?.weight ?? 1;

/** Addresses that Route 53 would answer with. */
function addressesOf(cloud: Cloud, name: string): readonly string[] {
  if (name === BALANCER_NAME) return ADDRESSES.balancer;
  const named = cloud
    .of("aws:route53/record:Record")
    .filter(({ inputs }) => inputs.name === name && inputs.type === "A");
  const record = pick(named, weightOf);
  if (!record) return [];
  const alias = record.inputs.aliases?.[0].name;
  return alias ? addressesOf(cloud, alias) : (record.inputs.records as string[]);
}

/** A reply to one DNS question: A records with no lifetime, the zone's name servers, or NXDOMAIN. */
function resolve(cloud: Cloud, question: Buffer): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString("ascii", at + 1, at + 1 + length));
    at += 1 + length;
  }
  if (question.length < at + 5) return undefined;
  const type = question.readUInt16BE(at + 1);
  const name = labels.join(".").toLowerCase();
  const found = type === 1 ? addressesOf(cloud, name).map(addressData) : type === 2 ? serversOf(cloud, name) : [];
  const header = Buffer.from(question.subarray(0, 12));
  // A response, authoritative, recursion available.
  header.writeUInt16BE(0x8580 | (found.length > 0 ? 0 : 3), 2);
  header.writeUInt16BE(found.length, 6);
  header.writeUInt32BE(0, 8);
  const answers = found.map((data) => Buffer.from([0xc0, 0x0c, 0, type, 0, 1, 0, 0, 0, 0, 0, data.length, ...data]));
  return Buffer.concat([header, question.subarray(12, at + 5), ...answers]);
}

const addressData = (address: string): number[] => address.split(".").map(Number);

/** Name servers of a zone that the stack has made: whoever registered the domain has entered them. */
const serversOf = (cloud: Cloud, name: string): number[][] =>
  cloud
    .of("aws:route53/zone:Zone")
    .filter(({ inputs }) => inputs.name === name)
    .flatMap(({ outputs }) => outputs.nameServers as string[])
    .map((server) => [...server.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]), 0]);

/** Name of the API's action in a request of the JSON protocols. */
const targetOf = ({ headers }: IncomingMessage) =>
  String(headers["x-amz-target"] ?? "")
    .split(".")
    .at(-1);

/** Name of the API's action in a request, whatever its protocol; method and path of one that names none. */
const actionOf = (request: IncomingMessage, text: string): string =>
  targetOf(request) || new URLSearchParams(text).get("Action") || `${request.method} ${request.url}`;

/** What the gates and `platform migrate` ask of AWS. */
function api(cloud: Cloud, health: Health, request: IncomingMessage, text: string): Reply {
  const target = targetOf(request);
  if (target === "GetParameter") return parameter(cloud, JSON.parse(text).Name);
  if (target === "GetParameterHistory") return parameterHistory(cloud, JSON.parse(text).Name);
  if (target === "DescribeAlarms") return alarms(cloud, health, JSON.parse(text).AlarmNames ?? []);
  const rollout = rolloutApi(cloud, target, text);
  if (rollout) return rollout;
  const migration = MIGRATION[target ?? ""];
  if (migration) return json(migration(cloud, JSON.parse(text)));
  const [, zoneId] = /^\/2013-04-01\/hostedzone\/(\w+)\/rrset/.exec(request.url ?? "") ?? [];
  if (request.url && zoneId !== undefined) {
    if (cloud.lostZones.has(zoneId)) return noSuchZone(zoneId);
    return request.method === "POST" ? changeRecords(cloud, text) : recordSets(cloud, request.url);
  }
  const existing = existingApi(cloud, target, text);
  if (existing) return existing;
  const form = new URLSearchParams(text);
  switch (form.get("Action")) {
    case "DescribeRules":
      return rule(cloud, form.get("RuleArns.member.1") ?? "");
    case "DescribeLoadBalancers":
      return balancers(cloud);
    case "GetCallerIdentity": {
      const caller = { Arn: `arn:aws:iam::${ACCOUNT}:user/tester`, UserId: "AIDATESTER", Account: ACCOUNT };
      return result("GetCallerIdentity", element(caller));
    }
    case "DescribeRegions": {
      const item = element({ regionName: REGION, optInStatus: "opt-in-not-required" });
      return xml(element({ DescribeRegionsResponse: element({ regionInfo: element({ item }) }) }));
    }
    case "CreateDBSnapshot":
      health.snapshots.push(form.get("DBSnapshotIdentifier") ?? "");
      return snapshots("CreateDBSnapshot", "creating", form);
    case "DescribeDBSnapshots":
      return snapshots("DescribeDBSnapshots", "available", form);
    default:
      return json(
        { __type: "UnknownOperationException", message: `${request.method} ${request.url} ${target} ${text}` },
        400,
      );
  }
}

function snapshots(action: string, Status: string, form: URLSearchParams): Reply {
  const DBSnapshot = element({ DBSnapshotIdentifier: form.get("DBSnapshotIdentifier"), Status });
  const one = element({ DBSnapshot });
  return result(action, action === "CreateDBSnapshot" ? one : element({ DBSnapshots: one }));
}

/** Alarms that exist are quiet unless a test raises them. */
function alarms(cloud: Cloud, { raised }: Health, names: readonly string[]): Reply {
  const found = cloud
    .of("aws:cloudwatch/metricAlarm:MetricAlarm")
    .filter(({ outputs }) => names.includes(outputs.name));
  return json({
    MetricAlarms: found.map(({ name, outputs }) => ({
      AlarmName: outputs.name,
      StateValue: raised.has(name) ? "ALARM" : "OK",
    })),
    CompositeAlarms: [],
  });
}
/** Migrations: a task that ends well at once, and a command on the group's instance once there is a group. */
const MIGRATION: Readonly<Record<string, (cloud: Cloud, asked: Properties) => object>> = {
  ListTasks: () => ({ taskArns: [] }),
  RunTask: (cloud, { cluster, taskDefinition }) => {
    cloud.migrations.push(taskDefinition);
    return { tasks: [{ taskArn: `${cluster}/task`, lastStatus: "PROVISIONING" }], failures: [] };
  },
  DescribeTasks: (cloud) => ({
    tasks: [{ lastStatus: "STOPPED", containers: [{ name: "app", exitCode: cloud.migrationsFail ? 1 : 0 }] }],
  }),
  ListCommands: () => ({ Commands: [] }),
  DescribeInstanceInformation: (cloud) => ({
    InstanceInformationList:
      cloud.of("aws:autoscaling/group:Group").length > 0 ? [{ InstanceId: "i-1", PingStatus: "Online" }] : [],
  }),
  SendCommand: (cloud, { Parameters }) => {
    cloud.migrations.push(Parameters.BootParameter[0]);
    return { Command: { CommandId: "c-1" } };
  },
  GetCommandInvocation: (cloud) => ({ Status: cloud.migrationsFail ? "Failed" : "Success", ResponseCode: 1 }),
};

function parameter(cloud: Cloud, name: string): Reply {
  const found = cloud.of("aws:ssm/parameter:Parameter").find(({ outputs }) => outputs.name === name);
  if (!found) return json({ __type: "ParameterNotFound" }, 400);
  const { inputs, outputs, modified } = found;
  return json({
    Parameter: {
      Name: name,
      Type: "String",
      Value: inputs.value,
      Version: outputs.version,
      LastModifiedDate: modified / 1000,
    },
  });
}

/** The versions of a parameter, by the calls that wrote it. */
function parameterHistory(cloud: Cloud, name: string): Reply {
  const written = cloud.calls.filter(
    (call) => call.type === "aws:ssm/parameter:Parameter" && call.inputs.name === name && writes(call),
  );
  return json({
    Parameters: written.map(({ inputs, time }, index) => ({
      Name: name,
      Type: "String",
      Value: inputs.value,
      Version: index + 1,
      LastModifiedDate: time / 1000,
    })),
  });
}

const BALANCER = "aws:lb/loadBalancer:LoadBalancer";

function balancers(cloud: Cloud): Reply {
  const found = cloud
    .of(BALANCER)
    .map(({ id, outputs }) => element({ LoadBalancerArn: id, LoadBalancerName: outputs.name }));
  return result("DescribeLoadBalancers", element({ LoadBalancers: members(found) }));
}

function rule(cloud: Cloud, RuleArn: string): Reply {
  const found = cloud.of("aws:lb/listenerRule:ListenerRule").find(({ id }) => id === RuleArn);
  if (!found) return failure("RuleNotFound", "One or more rules not found");
  const groups = (found.inputs.actions as Properties[])[0]?.forward.targetGroups as Properties[];
  const TargetGroups = members(groups.map(({ arn, weight }) => element({ TargetGroupArn: arn, Weight: weight })));
  const action = element({ Type: "forward", ForwardConfig: element({ TargetGroups }) });
  return result("DescribeRules", element({ Rules: members([element({ RuleArn, Actions: members([action]) })]) }));
}

/** The record sets of one name, which is where the programs' questions begin. */
function recordSets(cloud: Cloud, url: string): Reply {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  const [name, zoneId] = [searchParams.get("name")?.replace(/\.$/, ""), pathname.split("/")[3]];
  const named = cloud
    .of("aws:route53/record:Record")
    .filter(({ inputs }) => inputs.name === name && inputs.zoneId === zoneId);
  const sets = named.map(({ inputs }) => {
    const { name, type, ttl, records, aliases, setIdentifier, weightedRoutingPolicies } = inputs;
    const alias = aliases?.[0];
    const values = records?.map((Value: string) => element({ Value }));
    return element({
      Name: `${name}.`,
      Type: type,
      SetIdentifier: setIdentifier,
      Weight: setIdentifier && weightedRoutingPolicies[0].weight,
      ...(alias
        ? {
            AliasTarget: element({
              HostedZoneId: alias.zoneId,
              DNSName: `${alias.name}.`,
              EvaluateTargetHealth: false,
            }),
          }
        : { TTL: ttl, ResourceRecords: members(values, "ResourceRecord") }),
    });
  });
  const ResourceRecordSets = members(sets, "ResourceRecordSet");
  const listed = element({ ResourceRecordSets, IsTruncated: false, MaxItems: 100 });
  return xml(element({ ListResourceRecordSetsResponse: listed }));
}
