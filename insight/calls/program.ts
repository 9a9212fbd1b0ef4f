import { type Call, on } from "./call";

const RUNS = ["deploy", "preview", "person"] as const;
const CHANGES = ["deploy", "person"] as const;

/** Calls of the program itself while `pulumi up` runs: its gates, and what they change. A preview asks no gate. */
export const programCalls: readonly Call[] = [
  {
    place: "stacks/gates/aws.ts",
    by: RUNS,
    why: "what is live: records, the rule's weights, the state of traffic, and what a rollout has come to",
    uses: [
      on("route53:hostedzone", "ListResourceRecordSets"),
      on("ssm:parameter", "GetParameter GetParameterHistory"),
      on("elasticloadbalancing", "DescribeRules"),
      on("ecs:service", "DescribeServices"),
      on("autoscaling", "DescribeAutoScalingGroups DescribeInstanceRefreshes"),
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
    place: "stacks/gates/rollout.ts",
    by: CHANGES,
    why: "rolls a group out, watches it to its end, and leads it back",
    needs: "autoscaling/Group",
    uses: [
      on("autoscaling", "DescribeAutoScalingGroups DescribeInstanceRefreshes"),
      on("autoscaling:autoScalingGroup", "", "StartInstanceRefresh CancelInstanceRefresh UpdateAutoScalingGroup"),
    ],
  },
  {
    place: "stacks/gates/rollout.ts",
    by: CHANGES,
    why: "watches a service's deployment to its end, and deploys again after ECS rolled it back",
    needs: "ecs/Service",
    uses: [
      on("ecs:service", "DescribeServices ListServiceDeployments", "UpdateService"),
      on("ecs:service ecs:service-deployment", "DescribeServiceDeployments"),
    ],
  },
  {
    place: "stacks/gates/rollout.ts",
    by: CHANGES,
    why: "installs a release on the server while its recovery is muted, and waits for the end of the command",
    needs: "ec2/Instance",
    uses: [
      on("ssm", "ListCommands DescribeInstanceInformation GetCommandInvocation"),
      on("ssm:document", "", "SendCommand"),
      on("ssm:parameter", "", "PutParameter"),
    ],
  },
  {
    place: "components/fargate-service.ts",
    by: CHANGES,
    why: "a new release's static files beside those of the one before, where browsers of both find them",
    uses: [on("s3:bucket#assets", "ListBucket"), on("s3:object#assets", "GetObject", "PutObject")],
  },
];
