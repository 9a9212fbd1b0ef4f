import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { ROOT } from "../core/root";
import { rules } from "./rules";

const exemptionSchema = z.strictObject({
  policy: z.string(),
  resource: z.string().min(1),
  reason: z.string().trim().min(15, "must say why, in a sentence"),
});

/** A resource that one rule lets pass, and why. */
export type Exemption = z.infer<typeof exemptionSchema>;

/**
 * Reads a list of exemptions.
 * @throws Error for an exemption without a reason, or from a rule that does not exist.
 */
export function parseExemptions(yaml: string): Exemption[] {
  const parsed = z.array(exemptionSchema).safeParse(parse(yaml) ?? []);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(
      `policy/exemptions.yaml: entry ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "is not a list"}.`,
    );
  }
  for (const { policy } of parsed.data) {
    if (!rules.some((rule) => rule.name === policy)) {
      throw new Error(
        `policy/exemptions.yaml: there is no policy "${policy}". Known: ${rules.map((rule) => rule.name).join(", ")}.`,
      );
    }
  }
  return parsed.data;
}

/** The exemptions of this project. */
export const readExemptions = (): Exemption[] =>
  parseExemptions(readFileSync(join(ROOT, "policy", "exemptions.yaml"), "utf8"));
