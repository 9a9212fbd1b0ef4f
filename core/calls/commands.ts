import { type Call, on, onOwn } from "./call";

const PERSON = ["person"] as const;
const RELEASES = ["deploy", "person"] as const;

/** What a command on the server takes: the document, and the server, which is the stack's own or an adopted one. */
const SHELL = [
  on("ssm:document#shell", "", "SendCommand"),
  onOwn("ssm:instance", "", "SendCommand"),
  on("ssm:instance#adopted", "", "SendCommand"),
  on("ssm", "GetCommandInvocation"),
];
const STATE = [
  on("s3:bucket#state", "ListBucket"),
  on("s3:object#state", "GetObject"),
  on("kms:key#state", "Decrypt GenerateDataKey"),
];
/** What `docker` does with an image, by the registry's protocol. Another stack's is read, to promote it, and never written. */
const IMAGES = [
  on("ecr:repository", "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer"),
  onOwn("ecr:repository", "", "CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart"),
];
const LOCK = on("s3:object#locks", "PutObject DeleteObject");

/** Calls of the `platform` commands and of the workflows on GitHub. */
export const commandCalls: readonly Call[] = [
  {
    place: "cli/commands/operate/release/image.ts",
    by: RELEASES,
    why: "logs in to the registry",
    uses: [on("ecr", "GetAuthorizationToken")],
  },
  {
    place: "cli/commands/operate/release/image.ts",
    by: RELEASES,
    agent: "docker buildx imagetools",
    why: "looks for a release's image, and copies staging's to prod, from the other stack's repository",
    uses: IMAGES,
  },
  {
    place: "cli/commands/operate/release/docker-build.ts",
    by: RELEASES,
    why: "builds a release and pushes its image",
    uses: IMAGES,
  },
  {
    place: "cli/commands/operate/release/assets.ts",
    by: RELEASES,
    why: "takes a release's built files out of its image",
    uses: IMAGES,
  },
  {
    place: "functions/assets/store.ts",
    by: RELEASES,
    why: "keeps a release's built files before it is rolled out",
    uses: [on("s3:object#assets", "GetObject", "PutObject")],
  },
  {
    place: "cli/commands/operate/release/archives.ts",
    by: RELEASES,
    why: "puts a server's release where it fetches it, unless one of the name is there",
    uses: [on("s3:object#releases", "GetObject", "PutObject")],
  },
  {
    place: "cli/commands/operate/release/archives.ts",
    by: RELEASES,
    agent: "S3",
    why: "answers that an archive is missing only to whoever may list; to others it says that access is denied",
    uses: [on("s3:bucket#releases", "ListBucket")],
  },
  {
    place: "cli/lib/run-command.ts",
    by: RELEASES,
    why: "runs the team's own command on an adopted server while its recovery is muted, and asks what lives on the server alone",
    uses: SHELL,
  },
  {
    place: "cli/commands/operate/release/secrets.ts",
    by: RELEASES,
    why: "bakes the key of Server Actions into a build",
    uses: [onOwn("secretsmanager:Secret", "GetSecretValue"), on("secretsmanager:Secret#others", "GetSecretValue")],
  },
  {
    place: "cli/commands/operate/release.ts",
    by: RELEASES,
    why: "the stack's state and the key of its secrets, while `pulumi up` runs",
    uses: [...STATE, LOCK, on("s3:object#state", "", "PutObject DeleteObject"), on("kms:key#state", "", "Encrypt")],
  },
  {
    place: ".github/workflows/drift.yml",
    by: ["preview"],
    why: "reads the stack's state under its lock",
    uses: [...STATE, LOCK],
  },
  {
    place: "cli/lib/aws-access.ts",
    by: ["deploy", "person"],
    why: "who asks, and whether the account has the region",
    uses: [on("sts", "GetCallerIdentity"), on("ec2", "DescribeRegions")],
  },
  {
    place: "cli/commands/setup/account-survey.ts",
    by: PERSON,
    why: "what the account has already, for `platform init` and the doctor",
    uses: [
      on("acm", "ListCertificates"),
      on(
        "ec2",
        `DescribeAddresses DescribeImages DescribeInstances DescribeRegions DescribeRouteTables DescribeSubnets
        DescribeVpcPeeringConnections DescribeVpcs`,
      ),
      on("rds:db#any", "DescribeDBInstances"),
      on("route53", "ListHostedZones"),
      on("secretsmanager", "ListSecrets"),
    ],
  },
  {
    place: "cli/lib/zones.ts",
    by: PERSON,
    why: "turns a live simple record into weighted ones",
    uses: [
      on("route53", "ListHostedZonesByName"),
      on("route53:hostedzone", "ListResourceRecordSets", "ChangeResourceRecordSets"),
      on("route53:change", "GetChange"),
    ],
  },
  {
    place: "cli/commands/setup/attach.ts",
    by: PERSON,
    why: "gives an adopted server its instance profile",
    uses: [
      on("ec2", "DescribeIamInstanceProfileAssociations DescribeInstances"),
      on("ec2:instance", "", "AssociateIamInstanceProfile"),
      on("iam:instance-profile", "GetInstanceProfile"),
      on("ssm", "DescribeInstanceInformation"),
    ],
  },
  {
    place: "cli/commands/setup/backend.ts",
    by: PERSON,
    why: "builds the bucket and the key of the state",
    uses: [
      on("kms", "", "CreateKey"),
      on("kms:key", "DescribeKey", "EnableKeyRotation"),
      on("kms:alias kms:key", "", "CreateAlias"),
      on(
        "s3:bucket#state",
        "",
        `CreateBucket PutBucketPolicy PutBucketPublicAccessBlock PutBucketVersioning PutEncryptionConfiguration
        PutLifecycleConfiguration`,
      ),
    ],
  },
  {
    place: "cli/commands/setup/doctor/account.ts",
    by: PERSON,
    why: "whether the account has what the stack needs",
    uses: [
      on("acm", "ListCertificates"),
      on("ec2", "DescribeInstances"),
      on("iam:role", "GetRole SimulatePrincipalPolicy"),
      on("rds:db#any", "DescribeDBInstances"),
      on("route53", "ListHostedZonesByName"),
      on("route53:hostedzone", "GetHostedZone"),
      on("sns", "GetSMSSandboxAccountStatus ListSMSSandboxPhoneNumbers ListSubscriptions"),
      on("ssm", "DescribeInstanceInformation"),
    ],
  },
  {
    place: "cli/commands/setup/doctor/quotas.ts",
    by: PERSON,
    why: "whether quotas leave room",
    uses: [
      on("ec2", "DescribeAddresses DescribeInstanceTypes DescribeInstances"),
      on("servicequotas", "GetAWSDefaultServiceQuota GetServiceQuota"),
    ],
  },
  {
    place: "cli/commands/setup/init.ts",
    by: PERSON,
    why: "keeps the connection string of an adopted database",
    uses: [on("secretsmanager:Secret#others", "", "CreateSecret")],
  },
  {
    place: "cli/commands/move/migrate/cloud.ts",
    by: PERSON,
    why: "a snapshot before a move, and the alarms while it bakes",
    uses: [
      on("cloudwatch", "DescribeAlarms"),
      on("rds:db rds:snapshot", "", "CreateDBSnapshot"),
      on("rds:snapshot", "DescribeDBSnapshots"),
    ],
  },
  {
    place: "cli/commands/operate/session.ts",
    by: PERSON,
    why: "a shell where the site runs, and a tunnel to its database",
    uses: [
      on("autoscaling", "DescribeAutoScalingGroups"),
      on("ecs:service", "DescribeServices"),
      on("ecs", "ListTasks"),
      on("ecs:task", "DescribeTasks"),
      on("ecs:cluster ecs:task", "", "ExecuteCommand"),
      onOwn("ssm:instance", "", "StartSession"),
      onOwn("secretsmanager:Secret", "GetSecretValue"),
    ],
  },
  {
    place: "cli/commands/operate/why.ts",
    by: PERSON,
    why: "where incident reports look",
    uses: [on("ssm:parameter", "GetParameter")],
  },
];
