import { type Call, on, onOwn } from "./call";

const RUNS = ["deploy", "preview", "person"] as const;
const CHANGES = ["deploy", "person"] as const;

/** Calls of the program itself while `pulumi up` runs: its gates, and what they change. A preview asks no gate. */
export const programCalls: readonly Call[] = [
  {
    place: "stacks/gates/live-aws.ts",
    by: RUNS,
    why: "what is live: records, the rule's weights, and the state of traffic",
    uses: [
      on("route53:hostedzone", "ListResourceRecordSets"),
      on("ssm:parameter", "GetParameter GetParameterHistory"),
      on("elasticloadbalancing", "DescribeRules"),
    ],
  },
  {
    place: "stacks/gates/migration/migration-aws.ts",
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
    place: "stacks/gates/gate-commands.ts",
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
    why: "holds the deletion protection of the balancer that serves, and lifts that of one that the stack leaves",
    uses: [
      on("elasticloadbalancing", "DescribeLoadBalancerAttributes"),
      on("elasticloadbalancing:loadbalancer/app/", "", "ModifyLoadBalancerAttributes"),
    ],
  },
  {
    place: "stacks/gates/protection.ts",
    by: CHANGES,
    why: "does the same for the server that the stack made",
    needs: "ec2/Instance",
    uses: [onOwn("ec2:instance", "DescribeInstanceAttribute", "ModifyInstanceAttribute")],
  },
  {
    place: "stacks/gates/rename.ts",
    by: CHANGES,
    why: "brings the records of the site's names into their form when the name changes",
    uses: [on("route53:hostedzone", "ListResourceRecordSets", "ChangeResourceRecordSets")],
  },
  ...(
    [
      ["parameter", on("ssm:parameter", "ListTagsForResource")],
      ["record", on("route53:hostedzone", "ListResourceRecordSets")],
      [
        "adopted-balancing",
        on("elasticloadbalancing", "DescribeListeners DescribeLoadBalancers DescribeRules DescribeTags"),
      ],
      ["log-group", on("logs", "DescribeLogGroups"), on("logs:log-group", "ListTagsForResource")],
      ["adopted-database", on("rds:db#any", "DescribeDBInstances")],
      [
        "identity-provider",
        on("iam", "ListOpenIDConnectProviders"),
        on("iam:oidc-provider iam:oidc-provider#ci", "ListOpenIDConnectProviderTags"),
      ],
      ["adopted-network", on("ec2", "DescribeAddresses DescribeInstances DescribeSecurityGroupRules")],
      ["services", on("ecs", "ListServices")],
      ["groups", on("autoscaling", "DescribeAutoScalingGroups")],
    ] as const
  ).map(
    ([file, ...uses]): Call => ({
      place: `stacks/adoption/${file}.ts`,
      by: CHANGES,
      why: "finds what an update that was interrupted has made and not written down",
      uses,
    }),
  ),
  {
    place: "stacks/gates/rollout/rollout-aws.ts",
    by: CHANGES,
    why: "rolls a group out, and watches it to its end",
    needs: "autoscaling/Group",
    uses: [
      on("autoscaling", "DescribeAutoScalingGroups DescribeInstanceRefreshes"),
      on("autoscaling:autoScalingGroup", "", "StartInstanceRefresh CancelInstanceRefresh"),
    ],
  },
  {
    place: "stacks/gates/rollout/rollout-aws.ts",
    by: CHANGES,
    why: "watches a service's deployment to its end, and deploys again after ECS rolled it back",
    needs: "ecs/Service",
    uses: [on("ecs:service", "DescribeServices", "UpdateService")],
  },
  {
    place: "stacks/gates/gate-commands.ts",
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
