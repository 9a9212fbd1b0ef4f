import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { SecretReference } from "./app-secrets";
import { readRunbook } from "./runbook";

/** What an instance needs to know when it boots; the fields are described in runbooks/README.md. */
export interface BootArgs {
  readonly tier: string;
  readonly version: pulumi.Input<string>;
  readonly domain: string;
  readonly redirectFrom: readonly string[];
  readonly port: number;
  readonly healthPath: string;
  /** The app: an image (option 2) or a release archive on S3 (option 1). */
  readonly app: { readonly image: pulumi.Input<string> } | { readonly release: pulumi.Input<string> };
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secrets: Readonly<Record<string, SecretReference>>;
  readonly logGroups: Readonly<Record<string, pulumi.Input<string>>>;
  readonly agentConfigParameter: pulumi.Input<string>;
  /** Let's Encrypt tells this address if a certificate is about to expire. */
  readonly acmeEmail?: string;
}

/**
 * The SSM parameter from which an instance boots. User data itself is a static file: the instance finds the parameter's name in
 * its tag `boot-parameter`, so that no value is interpolated into a shell script, and a change of a value replaces no instance.
 */
export function bootParameter(name: string, args: BootArgs, opts: pulumi.CustomResourceOptions): aws.ssm.Parameter {
  const { region } = aws.getRegionOutput({}, { parent: opts.parent });
  const { app, secrets, ...rest } = args;
  return new aws.ssm.Parameter(
    name,
    {
      type: "String",
      // Several secrets' names and the environment pass the standard tier's 4 KB; the advanced one would cost 0.05 USD a month.
      tier: "Intelligent-Tiering",
      description:
        "What an instance of the site reads when it boots; it holds references to secrets, never their values",
      value: pulumi.jsonStringify({
        region,
        ...rest,
        ...app,
        secrets: Object.fromEntries(
          Object.entries(secrets).map(([key, { arn, key: field }]) => [key, { secretArn: arn, key: field }]),
        ),
      }),
    },
    opts,
  );
}

/**
 * The CloudWatch agent's config as a parameter that the agent fetches: the file in runbooks/ with the names of the tier's log
 * groups filled in.
 */
export function agentParameter(
  name: string,
  logGroups: Readonly<Record<string, pulumi.Input<string>>>,
  opts: pulumi.CustomResourceOptions,
): aws.ssm.Parameter {
  return new aws.ssm.Parameter(
    name,
    {
      type: "String",
      tier: "Intelligent-Tiering",
      description: "CloudWatch agent config",
      value: pulumi.output(logGroups).apply((groups) => JSON.stringify(groups)),
    },
    opts,
  );
}

/** The user data of an instance, byte for byte the file in runbooks/. */
export const bootScript = (kind: "instance" | "container"): string => readRunbook(`boot-${kind}.sh`);
