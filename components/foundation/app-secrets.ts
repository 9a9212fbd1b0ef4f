import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { SERVER_ACTIONS_KEY } from "./app-environment";

export interface AppSecretsArgs {
  /** Secret environment of the app, as the stack's config has it: name -> value. */
  readonly values: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Where one secret environment variable comes from: a secret, the key inside its JSON, and the version. By its version a changed value
 * changes what refers to it, so it is rolled out like a release, and a task or instance that starts later gets what its release had.
 */
export interface SecretReference {
  readonly arn: pulumi.Output<string>;
  readonly key: string;
  /** Undefined for a password, whose earlier values open nothing: what starts must get the one that holds then. */
  readonly versionId?: pulumi.Output<string>;
}

/**
 * A version that was replaced stays for those who started with it and for a rollback: deleting it would take its last label, and
 * Secrets Manager may delete a version without one. With its labels the one before stays too (AWSPREVIOUS).
 */
export const keptVersion = { retainOnDelete: true } as const;

/**
 * The app's secrets, one set for every architecture, kept as one JSON object in Secrets Manager (0.40 USD a month for the
 * object, however many keys it has).
 */
export class AppSecrets extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;
  /** Name of the environment variable -> where its value is. */
  readonly references: Readonly<Record<string, SecretReference>>;
  /** The values themselves, as secrets, for a tier that cannot read Secrets Manager (Vercel) and for the image build. */
  readonly values: Readonly<Record<string, pulumi.Output<string>>>;
  /** Key of Next.js' Server Actions, which the build of every release needs. A secret. */
  readonly serverActionsKey: pulumi.Output<string>;
  /** Token in the header by which the load balancer's probe rules know a gate's request. A secret. */
  readonly probeToken: pulumi.Output<string>;

  constructor(name: string, args: AppSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:AppSecrets", name, {}, opts);
    const kept = { parent: this, protect: true };
    // All instances, and two versions at once, must share it, or a Server Action of one is refused by the other.
    const actionKey = new random.RandomBytes(`${name}-action-key`, { length: 32 }, { parent: this });
    const probeToken = new random.RandomPassword(
      `${name}-probe-token`,
      { length: 32, special: false },
      { parent: this },
    );
    this.probeToken = probeToken.result;
    const values: Record<string, pulumi.Input<string>> = { [SERVER_ACTIONS_KEY]: actionKey.base64, ...args.values };
    this.values = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, pulumi.secret(value)]));
    this.serverActionsKey = this.values[SERVER_ACTIONS_KEY] as pulumi.Output<string>;

    const secret = new aws.secretsmanager.Secret(
      `${name}-secret`,
      { description: "Secret environment of the app", recoveryWindowInDays: 30 },
      kept,
    );
    const { versionId } = new aws.secretsmanager.SecretVersion(
      `${name}-value`,
      { secretId: secret.id, secretString: pulumi.secret(pulumi.jsonStringify(this.values)) },
      { parent: this, ...keptVersion },
    );
    this.arn = secret.arn;
    this.references = Object.fromEntries(Object.keys(values).map((key) => [key, { arn: secret.arn, key, versionId }]));
    this.registerOutputs({ arn: this.arn });
  }
}
