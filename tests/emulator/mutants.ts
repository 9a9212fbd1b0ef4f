import * as pulumi from "@pulumi/pulumi";
import { planStack } from "../../cli/planner/planner";
import type { Plan } from "../../core/plan-format";
import type { Combination } from "../provider/combinations";

type Props = Record<string, unknown>;
/** Outputs of a resource that the program has made already, by its name. */
type Made = (name: string) => Record<string, pulumi.Output<string>>;

/** One mistake of the kind that compiles and that mocks let pass: a reference to the wrong thing, or to the right thing's wrong output. */
export interface Mutant {
  readonly what: string;
  /** Name of the resource that has the mistake. */
  readonly resource: string;
  /** Made anew: moto takes such a change of what stands without a word, and forgets it; so the last of its case. */
  readonly anew?: true;
  /** @returns the inputs that are wrong now. */
  readonly change: (props: Props, made: Made) => Props;
}

type Action = { readonly forward: { readonly targetGroups: readonly Props[] } };

/** By the name of the case in which they are made; ten in all. */
export const MUTANTS: Readonly<Record<string, readonly Mutant[]>> = {
  fargate: [
    {
      what: "the alarm's action is the topic's name instead of its ARN",
      resource: "fargate-errors",
      change: (_, made) => ({ alarmActions: [made("alerts-page").name] }),
    },
    {
      what: "the site's alias names the site's own zone instead of the load balancer's",
      resource: "traffic-serving",
      change: ({ aliases, zoneId }) => ({ aliases: [{ ...(aliases as Props[])[0], zoneId }] }),
    },
    {
      what: "the container asks for a key that its secret does not have",
      resource: "fargate-definition",
      change: ({ containerDefinitions }) => ({
        containerDefinitions: pulumi
          .output(containerDefinitions as string)
          .apply((text) => text.replace(":DATABASE_URL::", ":DB_URL::")),
      }),
    },
    {
      what: "task role and execution role are swapped",
      resource: "fargate-definition",
      change: ({ executionRoleArn, taskRoleArn }) => ({ executionRoleArn: taskRoleArn, taskRoleArn: executionRoleArn }),
    },
    {
      what: "the database admits the load balancer's security group instead of the tasks'",
      resource: "fargate-to-database",
      anew: true,
      change: (_, made) => ({ referencedSecurityGroupId: made("load-balancer-security-group").id }),
    },
  ],
  "ha-web-tier": [
    {
      what: "the catch-all rule names the target group instead of its ARN",
      resource: "traffic-catch-all",
      change: ({ actions }, made) => ({
        actions: (actions as Action[]).map((action) => ({
          ...action,
          forward: {
            ...action.forward,
            targetGroups: action.forward.targetGroups.map((group) => ({
              ...group,
              arn: made("ha-web-tier-targets").name,
            })),
          },
        })),
      }),
    },
    {
      what: "the alarm's dimension is the load balancer's ARN instead of its suffix",
      resource: "ha-web-tier-latency",
      change: ({ dimensions }, made) => ({
        dimensions: { ...(dimensions as Props), LoadBalancer: made("load-balancer-balancer").arn },
      }),
    },
  ],
  "monitored-instance": [
    {
      what: "the watcher is told to start the command document instead of the automation",
      resource: "monitored-instance-recovery-watcher-schedule-target",
      change: (_, made) => ({
        input: pulumi.jsonStringify({
          Trigger: "schedule",
          Document: made("monitored-instance-recovery-command").name,
        }),
      }),
    },
    {
      what: "the watcher runs with the server's role instead of one that may start the automation",
      resource: "monitored-instance-recovery-watcher-function",
      change: (_, made) => ({ role: made("monitored-instance-role").arn }),
    },
    {
      what: "the instance's tag names the agent's parameter instead of its boot configuration",
      resource: "monitored-instance-instance",
      change: ({ tags }, made) => ({
        tags: { ...(tags as Props), "boot-parameter": made("monitored-instance-agent").name },
      }),
    },
  ],
};

/**
 * The plan of a case, with a mistake in it where one is given, as the same program makes it on the runtime's mocks, which is what
 * unit tests run on. What plans hide is shown where it names what must be there; nothing in it is a real secret.
 *
 * @throws Error if the mocks refuse it, or if the mistake was made nowhere
 */
export async function planWith(
  mutant: Mutant | undefined,
  { stack, architecture, config }: Combination,
): Promise<Plan> {
  const made = new Map<string, Record<string, pulumi.Output<string>>>();
  let changed = 0;
  const plan = await planStack(stack, {
    ...(architecture && { architecture }),
    ...(config && { config }),
    prepare: () =>
      void pulumi.runtime.registerStackTransformation(({ type, name, props, opts, resource: registered }) => {
        made.set(name, registered as unknown as Record<string, pulumi.Output<string>>);
        const hidden = HIDDEN[type];
        if (hidden) return { props: { ...props, [hidden]: shown(props[hidden]) }, opts };
        if (name !== mutant?.resource) return undefined;
        changed++;
        return { props: { ...props, ...mutant.change(props, (other) => found(made, other)) }, opts };
      }),
  });
  if (mutant && changed !== 1)
    throw new Error(`the mistake was made ${changed} times: is there still a resource ${mutant.resource}?`);
  return plan;
}

/** Inputs that are hidden in a plan, by type. */
const HIDDEN: Readonly<Record<string, string>> = {
  "aws:ssm/parameter:Parameter": "value",
  "aws:secretsmanager/secretVersion:SecretVersion": "secretString",
};

const shown = (value: unknown) => pulumi.unsecret(pulumi.output(value as string));

function found<T>(made: ReadonlyMap<string, T>, name: string): T {
  const resource = made.get(name);
  if (!resource) throw new Error(`There is no resource ${name} yet`);
  return resource;
}
