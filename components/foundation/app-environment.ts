import type * as pulumi from "@pulumi/pulumi";
import type { SecretReference } from "./app-secrets";

/** Key of Next.js' Server Actions: Next.js reads it under this name when it builds and when it runs, and both must be the same. */
export const SERVER_ACTIONS_KEY = "NEXT_SERVER_ACTIONS_ENCRYPTION_KEY";

/** The app's environment: one set of keys for every architecture. */
export interface AppEnvironment {
  /** Plain variables. */
  readonly plain: Readonly<Record<string, pulumi.Input<string>>>;
  /** Secret variables by reference, for tiers that read Secrets Manager. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
}

/** Variables by which the app tells a gate who answers. */
export function identity(tier: string, version: pulumi.Input<string>): Record<string, pulumi.Input<string>> {
  return { SITE_TIER: tier, SITE_VERSION: version };
}

/** Where an instance finds each secret when it boots. */
export function secretSources({ secrets }: AppEnvironment) {
  return Object.fromEntries(
    Object.entries(secrets).map(([name, { arn, ...rest }]) => [name, { secretArn: arn, ...rest }]),
  );
}

/** Distinct secrets behind an environment, for the policy of the role that reads them. */
export function secretArns({ secrets }: AppEnvironment): pulumi.Output<string>[] {
  return [...new Set(Object.values(secrets).map(({ arn }) => arn))];
}
