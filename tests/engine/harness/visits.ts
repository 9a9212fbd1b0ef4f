import type { IncomingHttpHeaders } from "node:http";
import type { Cloud, Properties, Stored } from "./cloud";
import { groupsOf } from "./refusals";
import type { Health, Services } from "./services";
import { ADDRESSES, DOMAIN, worldNow } from "./world";

/** The tier to which a resource belongs, by the component that holds it. */
export function tierOf(urn: string): string | undefined {
  const path = urn.split("::")[2] ?? "";
  if (path.includes("iamvet:index:MonitoredInstance")) return "monitored-instance";
  if (path.includes("iamvet:index:HaWebTier")) return "ha-web-tier";
  if (path.includes("iamvet:index:FargateService")) return "fargate";
  return path.includes("iamvet:index:VercelApp") ? "vercel" : undefined;
}

/** Who gets a request: a tier at a target, or the reason why AWS itself answers. */
type Reached =
  | { readonly tier: string; readonly target: string; readonly dead?: boolean; readonly cookie?: string }
  | { readonly error: string };

/** An answer of the servers around the cloud. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly cookie?: string;
  readonly location?: string;
}

export function answer(
  cloud: Cloud,
  health: Health,
  address: string,
  { headers }: { readonly headers: IncomingHttpHeaders },
): Answer {
  const redirect = (ADDRESSES.balancer as readonly string[]).includes(address) && redirectFor(cloud, headers);
  if (redirect) return { status: 301, body: "", location: `https://${redirect.host}/` };
  const reached = reach(cloud, health, address, headers);
  if ("error" in reached) return { status: 503, body: reached.error };
  const { tier, target, dead = false, cookie } = reached;
  const sick = dead || health.sick.has(tier);
  const probe = headers["x-site-probe"] !== undefined;
  health.answers.push({ time: cloud.now(), tier, healthy: !sick, probe, target });
  const body = JSON.stringify({
    status: sick ? "unhealthy" : "ok",
    tier,
    version: cloud.rollouts.serving(tier) ?? health.version,
  });
  return { status: sick ? 503 : 200, body, ...(cookie ? { cookie } : {}) };
}

/** Who answers at an address is what AWS and Vercel have been told so far. */
export function reach(cloud: Cloud, health: Health, address: string, headers: IncomingHttpHeaders): Reached {
  if ((ADDRESSES.instances as readonly string[]).includes(address)) {
    const mine = health.ownServer && address === ADDRESSES.instance;
    return mine || serverAt(cloud, address)
      ? { tier: "monitored-instance", target: address }
      : { error: "No server has this address" };
  }
  if ((ADDRESSES.vercel as readonly string[]).includes(address)) {
    return cloud.of("vercel:index/deployment:Deployment").length > 0
      ? { tier: "vercel", target: address }
      : { error: "DEPLOYMENT_NOT_FOUND" };
  }
  const rule = ruleFor(cloud, headers);
  if (!rule) return { error: "No tier serves yet" };
  const held = isSticky(rule) ? groupsOf(rule).find(({ arn }) => headers.cookie?.includes(cookieOf(arn))) : undefined;
  const group = (held ?? pick(groupsOf(rule), ({ weight }) => weight))?.arn;
  const reached = behind(cloud, health, group);
  return "error" in reached || !isSticky(rule) ? reached : { ...reached, cookie: cookieOf(group ?? "") };
}

/** The load balancer's rule for a request. */
const ruleFor = (cloud: Cloud, headers: IncomingHttpHeaders): Stored | undefined =>
  cloud
    .of("aws:lb/listenerRule:ListenerRule")
    .filter((rule) => (rule.inputs.conditions as Properties[]).every((condition) => holds(condition, headers)))
    .sort((a, b) => a.inputs.priority - b.inputs.priority)[0];
const redirectFor = (cloud: Cloud, headers: IncomingHttpHeaders): Properties | undefined =>
  (ruleFor(cloud, headers)?.inputs.actions as Properties[] | undefined)?.[0]?.redirect;

/**
 * A rule with stickiness keeps a visitor at the target group where it was, whatever the weights say by now, a weight of 0 among them, until
 * the cookie's duration is over: "Stickiness takes precedence over adjusting Weight" (repost.aws/questions/QUugYm4uzWSI2af5mnmMjlZQ; the
 * cookie: docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html). The duration is longer than any test.
 */
const isSticky = ({ inputs }: Stored): boolean =>
  (inputs.actions as Properties[]).some(({ forward }) => forward?.stickiness?.enabled === true);
const cookieOf = (arn: string) => `AWSALBTG=${Buffer.from(arn).toString("base64url")}`;

/** The instance with which an Elastic IP was associated last: EC2 moves an address that is associated again. */
export function serverAt(cloud: Cloud, address: string): Stored | undefined {
  const ip = cloud.of("aws:ec2/eip:Eip").find(({ outputs }) => outputs.publicIp === address);
  const latest = cloud
    .of("aws:ec2/eipAssociation:EipAssociation")
    .filter(({ inputs }) => inputs.allocationId === ip?.outputs.allocationId)
    .sort((a, b) => b.modified - a.modified)[0];
  return cloud.of("aws:ec2/instance:Instance").find(({ id }) => id === latest?.inputs.instanceId);
}

function holds({ httpHeader, pathPattern, hostHeader }: Properties, headers: IncomingHttpHeaders): boolean {
  if (httpHeader) return httpHeader.values.includes(headers[httpHeader.httpHeaderName.toLowerCase()]);
  if (hostHeader) return hostHeader.values.includes(headers.host);
  return pathPattern?.values.includes("/*") ?? false;
}

/**
 * A target group has targets while a service or a group that names it is there, and the load balancer reaches them while security
 * group rules let it; otherwise it answers itself: 503 "the target groups for the load balancer have no registered targets", 504 "failed
 * to establish a connection to the target"
 * (docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html).
 */
export function behind(cloud: Cloud, health: Health, arn: string | undefined): Reached {
  const group = cloud.of("aws:lb/targetGroup:TargetGroup").find(({ id }) => id === arn);
  const service = cloud
    .of("aws:ecs/service:Service")
    .find(({ inputs }) => (inputs.loadBalancers as Properties[]).some(({ targetGroupArn }) => targetGroupArn === arn));
  const instances = cloud
    .of("aws:autoscaling/group:Group")
    .find(({ inputs }) => (inputs.targetGroupArns as string[] | undefined)?.includes(arn ?? ""));
  const found = service ?? instances;
  if (!group || !found) return { error: "503 Service Unavailable: no registered targets" };
  const port = group.inputs.port as number;
  const entrance = service
    ? service.inputs.networkConfiguration.securityGroups[0]
    : cloud.of("aws:ec2/launchTemplate:LaunchTemplate").find(({ id }) => id === found.inputs.launchTemplate.id)?.inputs
        .networkInterfaces[0].securityGroups[0];
  if (!lets(cloud, entrance, port)) return { error: `504 Gateway Timeout: no way to port ${port}` };
  return { tier: tierOf(found.urn) ?? "", target: arn ?? "", dead: health.deadPorts.has(port) };
}

/** Whether rules lead from the load balancer's security group to a port behind another one: out of the one and into the other. */
function lets(cloud: Cloud, entrance: string, port: number): boolean {
  // An update that was killed may have left one more.
  const balancers = cloud.of("aws:lb/loadBalancer:LoadBalancer").map(({ inputs }) => inputs.securityGroups[0]);
  const rule = (direction: string, of: string, to: string) =>
    cloud
      .of(`aws:vpc/securityGroup${direction}Rule:SecurityGroup${direction}Rule`)
      .some(
        ({ inputs }) =>
          inputs.securityGroupId === of &&
          inputs.referencedSecurityGroupId === to &&
          inputs.fromPort <= port &&
          port <= inputs.toPort,
      );
  return balancers.some((one) => rule("Egress", one, entrance) && rule("Ingress", entrance, one));
}

export function pick<T>(items: readonly T[], weight: (item: T) => number): T | undefined {
  let left = Math.random() * items.reduce((sum, item) => sum + weight(item), 0);
  return items.find((item) => {
    left -= weight(item);
    return left < 0;
  });
}

/** Milliseconds of the machine between two requests of a visitor. */
const PAUSE = 15;

/** What a visitor's resolver holds, and until when in the time of the world. */
export interface Held {
  address: string;
  until: number;
}

/**
 * Somebody who asks the site all the time while an update runs, by a resolver that keeps each answer for its TTL. It asks what answers
 * behind the tests' servers, without the way there, which is their own.
 * @param ttl seconds of the world
 * @param held what the resolver holds; kept up to date. @default nothing
 * @returns ends the visit, and tells how many requests there were and what went wrong with which
 */
export function visit({ respond, addresses }: Services, ttl: number, held: Held = { address: "", until: 0 }) {
  const lost: string[] = [];
  let [requests, on] = [0, true];
  const once = (address: string | undefined, host: string): string => {
    if (!address) return `${host} has no address`;
    const { status, body, location } = respond(address, { host });
    if (status === 301) return led(String(location));
    return status === 200 ? "" : `${status} ${body}`;
  };
  /** To the site's other name, which nobody has asked before. */
  const led = (location: string): string => {
    const host = new URL(location).hostname;
    return host === DOMAIN ? `led in a circle by ${location}` : once(addresses(host)[0], host);
  };
  const run = async () => {
    while (on) {
      if (worldNow() > held.until) {
        [held.address, held.until] = [addresses(DOMAIN)[0] ?? "", worldNow() + ttl * 1000];
      }
      const wrong = once(held.address, DOMAIN);
      requests++;
      if (wrong) lost.push(`${held.address}: ${wrong}`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  };
  const running = run();
  return async () => {
    on = false;
    await running;
    return { requests, lost };
  };
}
