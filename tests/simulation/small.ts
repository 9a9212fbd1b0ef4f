import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import type { Properties } from "../engine/harness/cloud";
import { outputsOf } from "../engine/harness/types";
import { PROJECT, STACK } from "./engine";

/** What visitors need, and what is written around a change of theirs: the only resources that a modelled engine is asked for. */
const MODELLED = new RegExp(
  `^(${[
    "aws:(route53/record|ssm/parameter|lb/|ecs/service|autoscaling/group:|vpc/|rds/instance)",
    "aws:ec2/(instance|eip|eipAssociation|launchTemplate|securityGroup):",
    "vercel:index/(project|deployment|projectDomain):",
    "pulumi:pulumi:Stack",
  ].join("|")})`,
);

const sdk = createRequire(require.resolve("@pulumi/pulumi"));

type Register = (
  res: pulumi.Resource,
  parent: pulumi.Resource | undefined,
  type: string,
  name: string,
  ...rest: unknown[]
) => void;
/** Places of the arguments behind the name that are read here. */
const [CUSTOM, REMOTE, PROPS] = [0, 1, 3];

/** What components of other processes tell, by output. */
const TOLD: Properties = {
  repository: { name: "site", arn: "arn:aws:ecr:ap-northeast-2:123456789012:repository/site" },
  url: "123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/site",
};

/**
 * Makes the program's other resources, some hundred alarms, roles, log groups and their components, known at once without asking the
 * engine: a history registers some fifty updates' worth of what counts in the time that it would take for three.
 * @returns what puts the SDK back
 */
export function onlyWhatVisitorsNeed(): () => void {
  const resource = sdk("./runtime/resource") as Record<string, unknown>;
  const { registerResource, registerResourceOutputs } = resource;
  const register = registerResource as Register;
  const urns = new WeakMap<pulumi.Resource, string>();
  const small: Register = (res, parent, type, name, ...rest) => {
    if (MODELLED.test(type)) return register(res, parent, type, name, ...rest);
    const above = parent && urns.get(parent)?.split("::")[2];
    const urn = `urn:pulumi:${STACK}::${PROJECT}::${above ? `${above}$` : ""}${type}::${name}`;
    urns.set(res, urn);
    const members = res as unknown as Record<string, unknown>;
    members.urn = pulumi.output(urn);
    const given = (rest[PROPS] ?? {}) as Properties;
    if (!rest[CUSTOM] && !rest[REMOTE]) return undefined;
    const known: Properties = rest[REMOTE] ? TOLD : outputsOf(type, name, plainOf(given), 0, undefined);
    if (rest[CUSTOM]) members.id = pulumi.output(known.id);
    for (const key of Object.keys(given)) {
      if (key === "id" || key === "urn") continue;
      let made: pulumi.Output<unknown> | undefined;
      Object.defineProperty(res, key, {
        configurable: true,
        enumerable: true,
        get: () => {
          made ??= pulumi.output(given[key] ?? known[key] ?? `${name}-${key}`);
          return made;
        },
      });
    }
  };
  resource.registerResource = small;
  resource.registerResourceOutputs = () => {};
  return () => Object.assign(resource, { registerResource, registerResourceOutputs });
}

/** The inputs that are known without waiting. */
const plainOf = (given: Properties): Properties =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => !pulumi.Output.isInstance(value)));
