import { type Handles, UNKNOWN } from "./plan-values";

/**
 * What a look-up answers in a plan: the region is known, everything else is what only the account knows. A text is a handle, so
 * that a policy around it stays readable; a list (and what the program would parse) is unknown as a whole. A look-up that is not
 * here is an error, since a property that is missing would vanish from the plan without a word.
 */
const lookups: Readonly<Record<string, Lookup>> = {
  "aws:ec2/getSubnet:getSubnet": { whole: ["availabilityZone", "vpcId"] },
  "aws:ec2/getSubnets:getSubnets": { whole: ["ids"] },
  "aws:ec2/getVpc:getVpc": { texts: ["id"] },
  "aws:ecr/getAuthorizationToken:getAuthorizationToken": { texts: ["proxyEndpoint", "userName", "password"] },
  "aws:index/getAvailabilityZones:getAvailabilityZones": { whole: ["names"] },
  "aws:index/getCallerIdentity:getCallerIdentity": { texts: ["accountId"] },
  "aws:rds/getInstance:getInstance": {
    texts: ["endpoint", "address", "dbInstanceArn", "dbSubnetGroup"],
    whole: [
      ...["port", "dbInstanceClass", "engineVersion", "allocatedStorage", "maxAllocatedStorage", "storageType"],
      ...["storageEncrypted", "multiAz", "publiclyAccessible", "autoMinorVersionUpgrade", "backupRetentionPeriod"],
      ...["preferredBackupWindow", "preferredMaintenanceWindow", "vpcSecurityGroups", "resourceId"],
    ],
  },
  "aws:rds/getSnapshot:getSnapshot": {},
  // A plan stands for a stack that is yet to be made: nothing carries its tags.
  "aws:rds/getInstances:getInstances": { none: ["instanceIdentifiers"] },
  "aws:route53/getZone:getZone": { texts: ["zoneId"], whole: ["nameServers"] },
  "aws:secretsmanager/getSecretVersion:getSecretVersion": { texts: ["versionId"], whole: ["secretString"] },
  "aws:ssm/getParameter:getParameter": { texts: ["value"] },
  "vercel:index/getDomainConfig:getDomainConfig": { texts: ["recommendedCname"], whole: ["recommendedIpv4s"] },
  "vercel:index/getEndpointVerification:getEndpointVerification": { texts: ["verificationCode"] },
  "vercel:index/getPrebuiltProject:getPrebuiltProject": { texts: ["path"], whole: ["output"] },
};

interface Lookup {
  readonly texts?: readonly string[];
  readonly whole?: readonly string[];
  /** Lists that are empty. */
  readonly none?: readonly string[];
}

/** @throws {Error} for a look-up that is not listed here */
export function answer(token: string, config: Record<string, string>, handles: Handles): Record<string, unknown> {
  if (token === "aws:index/getRegion:getRegion") return { region: config["aws:region"] };
  const properties = lookups[token];
  if (!properties) throw new Error(`The look-up ${token} has no entry in cli/planner/plan-lookups.ts`);
  const { texts = [], whole = [], none = [] } = properties;
  return Object.fromEntries([
    ...texts.map((property) => [property, handles.unknown()]),
    ...whole.map((property) => [property, UNKNOWN]),
    ...none.map((property) => [property, []]),
  ]);
}
