/** What AWS, and the provider before it, do while a release rolls out, as far as the gates depend on it. */
export interface Fact {
  /** What the documentation says, in one sentence. */
  readonly fact: string;
  /** Where it says so. */
  readonly source: string;
  /** Test that meets it; undefined for what no stand-in does, and the suite prints it. */
  readonly shown?: string;
}

const ASG = "https://docs.aws.amazon.com/autoscaling/ec2";
const ECS = "https://docs.aws.amazon.com/AmazonECS/latest";
const SSM = "https://docs.aws.amazon.com/systems-manager/latest";
const PROVIDER = "https://github.com/hashicorp/terraform-provider-aws/issues";
const ENGINE = "tests/engine/rollouts.test.ts";
const UNIT = "tests/unit/stacks/gates/rollout.test.ts";

/**
 * Odd sides first. The stand-ins of the engine suite (tests/engine/harness/rollouts.ts) and the answers of the unit
 * tests keep to these.
 */
export const FACTS: readonly Fact[] = [
  {
    fact:
      "A service is steady again after its circuit breaker has rolled back, and the provider's " +
      "`waitForSteadyState` returns without an error",
    source: `${PROVIDER}/20858`,
    shown: ENGINE,
  },
  {
    fact:
      "The rollback goes on in the deployment to which it returns: that one goes from COMPLETED to " +
      "IN_PROGRESS and back, so its creation may be old",
    source: `${ECS}/developerguide/deployment-circuit-breaker.html`,
    shown: UNIT,
  },
  {
    fact: "Without a deployment that is COMPLETED there is nothing to return to, and a failed deployment stays where it is",
    source: `${ECS}/developerguide/deployment-circuit-breaker.html`,
    shown: UNIT,
  },
  {
    fact: "A deployment without an alarm or enough failed tasks stays IN_PROGRESS for as long as its tasks come and go",
    source: `${ECS}/APIReference/API_Deployment.html`,
    shown: UNIT,
  },
  {
    fact:
      "A secret's value is read when a task starts; a later value reaches only a task that starts " +
      "later, unless the reference names a version",
    source: `${ECS}/developerguide/secrets-envvar-secrets-manager.html`,
    shown: ENGINE,
  },
  {
    fact:
      "The provider writes a changed launch template to the group before it starts the refresh, so the " +
      "refresh's rollback returns to the new one",
    source: `${PROVIDER}/34189`,
    shown: ENGINE,
  },
  {
    fact: "AutoRollback is refused without a desired configuration, and for `$Latest`, `$Default` and a template whose AMI is an SSM alias",
    source: `${ASG}/userguide/instance-refresh-rollback.html`,
    shown: ENGINE,
  },
  {
    fact:
      "A refresh that skips every instance, as all match, ends as Successful with nothing replaced; it " +
      "still gives the group its desired configuration",
    source: `${ASG}/userguide/asg-instance-refresh-skip-matching.html`,
    shown: UNIT,
  },
  {
    fact: "A cancelled refresh takes nothing back: instances that it has replaced stay, beside those that it has not",
    source: `${ASG}/userguide/cancel-instance-refresh.html`,
    shown: UNIT,
  },
  {
    fact: "One refresh runs at a time (InstanceRefreshInProgress), and while one goes back it cannot be cancelled",
    source: `${ASG}/APIReference/API_StartInstanceRefresh.html`,
    shown: UNIT,
  },
  {
    fact: "The group has its old configuration until the refresh has succeeded",
    source: `${ASG}/APIReference/API_StartInstanceRefresh.html`,
    shown: ENGINE,
  },
  {
    fact: "`waitForElbCapacity` waits for exactly so many on every update, `minElbCapacity` for at least so many when the group is made",
    source:
      "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/autoscaling_group#waiting-for-capacity",
    shown: ENGINE,
  },
  {
    fact: "A command whose targets match nothing ends as Success; one for an instance by its id has an invocation there, or is refused",
    source: `${SSM}/userguide/monitor-commands.html`,
    shown: UNIT,
  },
  {
    fact: "A command is known before its invocation is (InvocationDoesNotExist), and listing by instance leaves out what is Pending",
    source: `${SSM}/APIReference/API_ListCommands.html`,
    shown: UNIT,
  },
  {
    fact: "An invocation ends as Success, Failed, TimedOut, Cancelled, Undeliverable or Terminated; the last two count in no error limit",
    source: `${SSM}/userguide/monitor-commands.html`,
    shown: UNIT,
  },
  {
    fact: "A version of a secret without a staging label is deprecated, and Secrets Manager may delete it",
    source: "https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html",
  },
  {
    fact: "A refresh waits up to an hour for instances that are protected from scale-in, and then fails",
    source: `${ASG}/userguide/understand-instance-refresh-default-values.html`,
  },
  {
    fact: "An alarm of the refresh that is already in ALARM when it starts, fails it at once",
    source: `${ASG}/userguide/instance-refresh-rollback.html`,
  },
];

/** What no stand-in does, as the suite prints it. */
export const untried = (): string =>
  FACTS.filter(({ shown }) => !shown)
    .map(({ fact, source }) => `    untried: ${fact} (${source})`)
    .join("\n");
