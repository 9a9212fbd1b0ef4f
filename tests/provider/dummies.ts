import type { TfType } from "./schema";

/** The account in which nothing is built. */
export const ACCOUNT = "123456789012";

/** The region of both stacks. */
export const REGION = "ap-northeast-2";

/** The app's image in that account. */
export const IMAGE = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/iamvet@sha256:${"0".repeat(64)}`;

/** Stands where a plan says "[secret]"; long and plain enough for every password rule of RDS. */
export const SECRET_DUMMY = "not-a-real-secret-0123456789";

const DIGEST = `sha256:${"0".repeat(64)}`;

/** Outputs of resources that are not AWS's, by type and property: what AWS resources are given in their place. */
const FOREIGN: readonly { readonly type: RegExp; readonly property: RegExp; readonly value: unknown }[] = [
  { type: /^random:/, property: /^(result|hex|b64Std|base64)$/, value: SECRET_DUMMY },
  { type: /^random:/, property: /^(id|dec)$/, value: "1234567890" },
  {
    type: /^docker-build:/,
    property: /^ref$/,
    value: `${ACCOUNT}.dkr.ecr.ap-northeast-2.amazonaws.com/site@${DIGEST}`,
  },
  { type: /^docker-build:/, property: /^digest$/, value: DIGEST },
];

/** A value in place of another provider's output; plain text where the table has none. */
export const foreignOutput = (type: string, property: string): unknown =>
  FOREIGN.find((row) => row.type.test(type) && row.property.test(property))?.value ?? unknownDummy(property, "string");

/** Allows nothing that matters: stands for a document that a plan does not know. */
const UNKNOWN_POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Principal: "*", Action: "sts:GetCallerIdentity", Resource: "*" }],
});

/** Stands for a text of which nothing is known. */
export const FORMLESS = "dummy";

/** Dummies for what only AWS knows, by the name of the property that wants it. */
const UNKNOWN: readonly { readonly name: RegExp; readonly value: unknown }[] = [
  { name: /(sourceAccount|accountId)$/i, value: ACCOUNT },
  { name: /vpcId$/i, value: "vpc-0123456789abcdef0" },
  { name: /subnet(Id)?s?(\[\d+\])?$/i, value: "subnet-0123456789abcdef0" },
  { name: /securityGroup(Id)?s?(\[\d+\])?$/i, value: "sg-0123456789abcdef0" },
  { name: /policy$/i, value: UNKNOWN_POLICY },
  { name: /containerDefinitions$/i, value: '[{"name":"app","image":"app:1"}]' },
  { name: /(eventPattern|dashboardBody|input)$/i, value: "{}" },
  { name: /arns?(\[\d+\])?$/i, value: `arn:aws:iam::${ACCOUNT}:role/dummy` },
  { name: /(ipv?4?|address(es)?|records)(\[\d+\])?$/i, value: "192.0.2.10" },
  { name: /(url|uri|endpoint)$/i, value: "https://dummy.example.com/" },
  { name: /(domain|host|dns)(Name)?$/i, value: "dummy.example.com" },
  { name: /cidr(Ipv4|Blocks?)?(\[\d+\])?$/i, value: "192.0.2.0/24" },
  { name: /backupWindow$/i, value: "17:00-17:30" },
  { name: /maintenanceWindow$/i, value: "sun:18:00-sun:18:30" },
  { name: /zoneId$/i, value: "Z0123456789ABCDEFGHIJ" },
];

/**
 * Stands for an unknown inside a text, where no property's name but the text before it tells what it is: the zone in a policy
 * of Route 53, else the account in an ARN or a condition.
 */
export const unknownInText = (
  before: unknown,
  known = { zoneId: "Z0123456789ABCDEFGHIJ", accountId: ACCOUNT },
): string => (/hostedzone\/$/.test(String(before)) ? known.zoneId : known.accountId);

/** A value of the right type and, as far as the property's name tells, of the right form. */
export function unknownDummy(path: string, type: TfType): unknown {
  if (type === "number") return 1;
  if (type === "bool") return true;
  if (typeof type === "string") return UNKNOWN.find((row) => row.name.test(path))?.value ?? FORMLESS;
  const [kind, of] = type;
  if (kind === "list" || kind === "set") return [unknownDummy(path, of as TfType)];
  if (kind === "map") return {};
  return null;
}
