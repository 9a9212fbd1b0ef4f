import type { Plan, PlannedResource, PlanValue } from "../../core/plan-format";
import type { Finding } from "./findings";

type Inputs = Readonly<Record<string, PlanValue>>;

/** One mistake that no Terraform rule knows and one of the other tools must notice, or that tool was not really run. */
const mistakes: readonly { readonly type: string; readonly inputs: Inputs; readonly what: string }[] = [
  {
    what: "an instance class that does not exist",
    type: "aws:rds/instance:Instance",
    inputs: { engine: "postgres", instanceClass: "db.t9.huge", allocatedStorage: 20 },
  },
  {
    what: "an engine version that does not exist",
    type: "aws:rds/instance:Instance",
    inputs: { engine: "postgres", engineVersion: "13.99", instanceClass: "db.t4g.micro", allocatedStorage: 20 },
  },
  {
    what: "a pair of CPU and memory that Fargate does not have",
    type: "aws:ecs/taskDefinition:TaskDefinition",
    inputs: {
      family: "site",
      cpu: "512",
      memory: "512",
      networkMode: "awsvpc",
      requiresCompatibilities: ["FARGATE"],
      executionRoleArn: "arn:aws:iam::123456789012:role/site",
      containerDefinitions: '[{"name":"app","image":"app:1"}]',
    },
  },
  {
    what: "a schedule of five fields",
    type: "aws:cloudwatch/eventRule:EventRule",
    inputs: { scheduleExpression: "cron(0 5 * * *)" },
  },
  {
    what: "a retention that CloudWatch Logs does not have",
    type: "aws:cloudwatch/logGroup:LogGroup",
    inputs: { retentionInDays: 31 },
  },
  {
    what: "an action that IAM does not know",
    type: "aws:iam/rolePolicy:RolePolicy",
    inputs: {
      policy: { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "s3:GetObjct", Resource: "*" }] },
    },
  },
];

const resources = mistakes.map(
  ({ type, inputs, what }): PlannedResource => ({
    urn: `planted::${what}`,
    type,
    name: what,
    inputs,
    protect: false,
    dependencies: [],
    custom: true,
    ignoreChanges: [],
    retainOnDelete: false,
  }),
);

/** A plan of mistakes only, checked together with the real ones. */
export const planted: Plan & { readonly names: ReadonlySet<string> } = {
  stack: "planted",
  project: "planted",
  architecture: "none",
  resources,
  outputs: {},
  notices: [],
  names: new Set(mistakes.map(({ type, what }) => `${type} ${what}`)),
};

/** The planted mistakes that no finding is about. */
export const unnoticed = (findings: readonly Finding[]): readonly string[] => {
  const noticed = new Set(findings.map(({ resource }) => resource));
  return [...planted.names].filter((name) => !noticed.has(name));
};
