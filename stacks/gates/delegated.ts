import * as pulumi from "@pulumi/pulumi";
import { reason } from "../../core/errors";
import { dnsName } from "../../core/traffic-state";
import type { Gates } from "./contract";
import type { Context } from "./gate-context";

export const delegated =
  ({ names, question }: Context): Gates["delegated"] =>
  async ({ name, nameServers }) => {
    const wanted = new Set(nameServers.map(dnsName));
    let found: readonly string[] = [];
    let why = "";
    try {
      found = (await question(`the delegation of ${name}`, names.delegation(name))).map(dnsName);
    } catch (error) {
      why = ` (${reason(error)})`;
    }
    if (found.length > 0 && found.every((server) => wanted.has(server))) return;
    throw new pulumi.RunError(
      [
        `The zone ${name} is not delegated to Route 53 yet${why}.`,
        `  The internet finds: ${found.length > 0 ? found.join(", ") : "no name servers"}`,
        "  Enter these name servers where the domain is registered:",
        ...nameServers.map((server) => `    ${server}`),
        "Nothing was switched and nothing was deleted. Run `pulumi up` again when the change is visible",
        `(\`dig NS ${name} +short\`); that can take up to two days, as the old delegation is cached.`,
      ].join("\n"),
    );
  };
