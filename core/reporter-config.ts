import type { Source } from "./incident";
import type { Language } from "./language";

/** What a report says of the site beside the incident. */
export interface About {
  readonly site: string;
  readonly stack: string;
  readonly region: string;
  /** Address of the stack's dashboard. */
  readonly dashboard?: string;
}

/**
 * Where to look and whom to tell: the JSON in the stack's SSM parameter `/<project>/<stack>/incident`, which the reporter and
 * `platform why` read alike. It holds names and ARNs, no secret.
 */
export interface ReporterConfig {
  readonly about: About;
  readonly language: Language;
  /** Alarms that open an incident, and whose end is its end. */
  readonly triggers: readonly string[];
  readonly sources: readonly Source[];
}

/** Name of the parameter. */
export const configParameter = (project: string, stack: string): string => `/${project}/${stack}/incident`;

/** Name of a SecureString that a person may create so that the reporter can ask Vercel; nothing creates it. */
export const vercelTokenParameter = (project: string, stack: string): string => `/${project}/${stack}/vercel-token`;
