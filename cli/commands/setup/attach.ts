import { Command } from "commander";
import { UserError } from "../../../core/errors";
import { type Document, good, pairs } from "../../../output/document";
import { toTerminal } from "../../../output/terminal";
import { readSettings } from "../../../stacks/settings/settings-check";
import { type AwsAccess, askAws, connectStack } from "../../lib/aws-access";
import { say } from "../../lib/print";
import { withProgress } from "../../lib/progress";
import { agreed, askerFor } from "../../lib/prompt";
import { inFolder, readStackFile } from "../../lib/stack-files";
import { stackOutputs } from "../../lib/stack-outputs";

interface Options {
  readonly stack: string;
  readonly profileName?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly cwd: string;
}

/** What is at hand, and what is to be attached. */
interface Situation {
  readonly instanceId: string;
  /** Name of the instance profile of the stack. */
  readonly profile: string;
  /** ARN of the profile that the instance has now. */
  readonly present?: string;
  /** Whether the agent of Systems Manager has reported. */
  readonly managed: boolean;
}

/** `platform attach`: no resource of the provider can attach a profile to an instance that exists. */
export function attachCommand(): Command {
  return new Command("attach")
    .description("Attach the stack's instance profile to the existing instance, after showing what it will do")
    .requiredOption("-s, --stack <name>", "the stack whose existing.instanceId is meant")
    .option("--profile-name <name>", "the instance profile; default: the stack's output instanceProfile")
    .option("--dry-run", "only show what would be done")
    .option("-y, --yes", "do it without asking")
    .addOption(inFolder())
    .action(run);
}

async function run(options: Options): Promise<void> {
  const folder = options.cwd;
  const { config, project } = readStackFile(folder, options.stack);
  const { instanceId } = readSettings(project, options.stack, config).existing;
  if (!instanceId) {
    throw new UserError(
      `The stack ${options.stack} adopts no instance (existing.instanceId), so there is nothing to ` +
        "attach: a new instance is born with its profile.",
    );
  }
  const profile = options.profileName ?? (await stackOutputs(folder, options.stack)).instanceProfile;
  if (typeof profile !== "string") {
    throw new UserError(
      `The stack ${options.stack} has no output instanceProfile yet: run \`pulumi up --stack ` +
        `${options.stack}\` first, or name one with --profile-name.`,
    );
  }
  const region = config["aws:region"];
  const access = await withProgress("Asking AWS who is there", () => connectStack(config)).catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${error.message}\n\n${instruction(instanceId, profile, region ?? "<region>")}`);
  });
  const situation = await withProgress(`Looking at ${instanceId}`, () => look(access, instanceId, profile));

  if (situation.present?.endsWith(`/${profile}`)) {
    say(`${instanceId} has the profile ${profile} already. ${agentLine(situation)}`);
    return;
  }
  if (situation.present) throw new UserError(refusal(situation));
  console.log(toTerminal(proposal(situation, access)));
  if (options.dryRun) return;
  if (!options.yes) await agreed(await askerFor(options), { message: "Attach it?", flag: "--yes" });
  await attach(access, situation);
  say(good(`Attached. ${agentLine(situation)}`));
}

async function look(access: AwsAccess, instanceId: string, profile: string): Promise<Situation> {
  const [ec2, iam, ssm] = await Promise.all([
    import("@aws-sdk/client-ec2"),
    import("@aws-sdk/client-iam"),
    import("@aws-sdk/client-ssm"),
  ]);
  const [{ Reservations = [] }, { IamInstanceProfileAssociations: found = [] }, , managed] = await Promise.all([
    askAws(access, `look at the instance ${instanceId}`, () =>
      new ec2.EC2Client(access.config).send(new ec2.DescribeInstancesCommand({ InstanceIds: [instanceId] })),
    ).catch((error: unknown) => {
      if (error instanceof Error && /InvalidInstanceID/.test(error.name)) {
        throw new UserError(
          `${access.region} of the account ${access.account} has no instance ${instanceId}. Is aws:region ` +
            "of the stack right, and AWS_PROFILE?",
        );
      }
      throw error;
    }),
    askAws(access, "see which profiles are attached", () =>
      new ec2.EC2Client(access.config).send(
        new ec2.DescribeIamInstanceProfileAssociationsCommand({
          Filters: [{ Name: "instance-id", Values: [instanceId] }],
        }),
      ),
    ),
    askAws(access, `look at the instance profile ${profile}`, () =>
      new iam.IAMClient(access.config).send(new iam.GetInstanceProfileCommand({ InstanceProfileName: profile })),
    ).catch((error: unknown) => {
      if (error instanceof Error && error.name.startsWith("NoSuchEntity")) {
        throw new UserError(
          `The account ${access.account} has no instance profile ${profile}: run \`pulumi up\` first.`,
        );
      }
      throw error;
    }),
    // Who may not ask goes without the answer.
    new ssm.SSMClient(access.config)
      .send(new ssm.DescribeInstanceInformationCommand({ Filters: [{ Key: "InstanceIds", Values: [instanceId] }] }))
      .then(({ InstanceInformationList = [] }) => InstanceInformationList.length > 0)
      .catch(() => false),
  ]);
  const instance = Reservations[0]?.Instances?.[0];
  const state = instance?.State?.Name;
  if (state === "terminated" || state === "shutting-down")
    throw new UserError(`The instance ${instanceId} is ${state}.`);
  const association = found.find(({ State }) => State === "associated" || State === "associating");
  const present = association?.IamInstanceProfile?.Arn ?? instance?.IamInstanceProfile?.Arn;
  return { instanceId, profile, managed, ...(present ? { present } : {}) };
}

async function attach(access: AwsAccess, { instanceId, profile }: Situation): Promise<void> {
  const { EC2Client, AssociateIamInstanceProfileCommand } = await import("@aws-sdk/client-ec2");
  await askAws(access, `attach the profile ${profile} (ec2:AssociateIamInstanceProfile and iam:PassRole)`, () =>
    new EC2Client(access.config).send(
      new AssociateIamInstanceProfileCommand({ InstanceId: instanceId, IamInstanceProfile: { Name: profile } }),
    ),
  );
}

const proposal = ({ instanceId, profile }: Situation, { account, region, arn }: AwsAccess): Document => ({
  title: `Attach ${profile} to ${instanceId}`,
  blocks: [
    pairs([
      ["where", `${account}, ${region}, as ${arn}`],
      [
        "gives",
        "Systems Manager (shell, recovery), the CloudWatch agent (metrics and the stack's log groups); nothing else",
      ],
      [
        "effect",
        "none on what runs: no restart; the instance has no profile now, so none is taken away. The agent then comes beside any",
        "config of its own, and a timer looks at the site every minute (site-heal-<app>), which acts only once it has seen it healthy",
      ],
      [
        "undo",
        `aws ec2 describe-iam-instance-profile-associations --region ${region} --filters Name=instance-id,Values=${instanceId}`,
        `aws ec2 disassociate-iam-instance-profile --region ${region} --association-id <AssociationId>`,
      ],
    ]),
  ],
});

/** Only one profile fits an instance: taking another's away would take its app's permissions away. */
function refusal({ instanceId, profile, present = "" }: Situation): string {
  const name = present.split("/").at(-1);
  return [
    `${instanceId} has another instance profile, ${present}. It is left alone: what runs there may live by its permissions.`,
    // Not AWS's managed policies: they let the server read every parameter of the account.
    "Either give its role what the stack's has, which is what agent and recovery need and no more:",
    `  role_of() { aws iam get-instance-profile --instance-profile-name "$1" --query 'InstanceProfile.Roles[0].RoleName' --output text; }`,
    `  THEIRS=$(role_of ${name}) OURS=$(role_of ${profile})`,
    `  for POLICY in $(aws iam list-role-policies --role-name "$OURS" --query 'PolicyNames[]' --output text); do`,
    '    aws iam get-role-policy --role-name "$OURS" --policy-name "$POLICY" --query PolicyDocument >policy.json',
    '    aws iam put-role-policy --role-name "$THEIRS" --policy-name "$POLICY" --policy-document file://policy.json',
    "  done",
    `or, if nothing needs it, take it away and run this again for ${profile}.`,
  ].join("\n");
}

const instruction = (instanceId: string, profile: string, region: string) =>
  [
    "With credentials, this is what it would do:",
    `  aws ec2 associate-iam-instance-profile --region ${region} --instance-id ${instanceId} --iam-instance-profile Name=${profile}`,
  ].join("\n");

const agentLine = ({ instanceId, managed }: Situation) =>
  managed
    ? "Systems Manager knows the instance."
    : `Systems Manager sees ${instanceId} a few minutes from now, if its agent runs (Amazon Linux and ` +
      "Ubuntu images bring it): aws ssm describe-instance-information. An agent that was already " +
      `running may need \`sudo systemctl restart amazon-ssm-agent\`.`;
