import { type Call, on, onOwn } from "./call";

const RUNS = ["deploy", "preview", "person"] as const;
const CHANGES = ["deploy", "person"] as const;

/** Calls of the program itself while `pulumi up` runs: its gates, and what they change. A preview asks no gate. */
export const programCalls: readonly Call[] = [
  {
    place: "stacks/gates/aws.ts",
    by: RUNS,
    why: "what is live: records, the rule's weights, and the state of traffic",
    uses: [
      on("route53:hostedzone", "ListResourceRecordSets"),
      on("ssm:parameter", "GetParameter GetParameterHistory"),
      on("elasticloadbalancing", "DescribeRules"),
    ],
  },
  {
    place: "stacks/gates/migration.ts",
    by: CHANGES,
    why: "runs a release's migrations once, as a task, and shows the end of its log",
    needs: "ecs/Service",
    uses: [
      on("ecs:task-definition", "", "RunTask"),
      on("ecs", "ListTasks"),
      on("ecs:task", "DescribeTasks"),
      on("logs:log-stream#task", "GetLogEvents"),
    ],
  },
  {
    place: "stacks/gates/migration.ts",
    by: CHANGES,
    why: "runs a release's migrations once, on an instance of the group",
    needs: "autoscaling/Group",
    uses: [
      on("ssm", "ListCommands DescribeInstanceInformation GetCommandInvocation"),
      on("ssm:document", "", "SendCommand"),
      on("ssm:instance#group", "", "SendCommand"),
    ],
  },
  {
    place: "stacks/gates/protection.ts",
    by: CHANGES,
    why: "lifts the deletion protection of a balancer that the stack leaves",
    uses: [
      on("elasticloadbalancing", "DescribeLoadBalancers DescribeTags"),
      on("elasticloadbalancing:loadbalancer/app/", "", "ModifyLoadBalancerAttributes"),
    ],
  },
  {
    place: "stacks/gates/rollout-aws.ts",
    by: CHANGES,
    why: "rolls a group out, and watches it to its end",
    needs: "autoscaling/Group",
    uses: [
      on("autoscaling", "DescribeAutoScalingGroups DescribeInstanceRefreshes"),
      on("autoscaling:autoScalingGroup", "", "StartInstanceRefresh CancelInstanceRefresh"),
    ],
  },
  {
    place: "stacks/gates/rollout-aws.ts",
    by: CHANGES,
    why: "watches a service's deployment to its end, and deploys again after ECS rolled it back",
    needs: "ecs/Service",
    uses: [on("ecs:service", "DescribeServices", "UpdateService")],
  },
  {
    place: "stacks/gates/rollout-aws.ts",
    by: CHANGES,
    why: "installs a release on the server while its recovery is muted, and waits for the end of the command",
    needs: "ec2/Instance",
    uses: [
      on("ssm", "ListCommands DescribeInstanceInformation GetCommandInvocation"),
      on("ssm:document", "", "SendCommand"),
      onOwn("ssm:instance", "", "SendCommand"),
    ],
  },
  {
    place: "stacks/gates/mute.ts",
    by: CHANGES,
    why: "keeps the recovery out of what is done to a server, and puts back what was there before",
    uses: [on("ssm:parameter", "GetParameter", "PutParameter")],
  },
];
