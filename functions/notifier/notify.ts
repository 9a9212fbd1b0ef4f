import type { SNSEvent } from "aws-lambda";
import type { Language } from "../../core/language";
import { redact, redactAll } from "../redact";
import { type CloudEvent, ENTRIES } from "./messages";

/** What the notifier works with; `index.ts` hands in AWS. */
export interface NotifierOptions {
  readonly site: string;
  readonly language: Language;
  /** Writes one line of the journal. */
  readonly journal: (line: string) => void;
  readonly publish: (subject: string, text: string) => Promise<void>;
  /** Posts a text to the team's channel; undefined where no webhook is set. */
  readonly post?: (text: string) => Promise<void>;
  /** Until when nobody is told. */
  readonly muteUntil?: string;
  readonly now?: () => Date;
}

/** A crash loop tells of itself once in this time, as long as the function stays warm. */
const QUIET_MS = 15 * 60_000;

/**
 * Two duties. Events of AWS services are kept in the journal, where incident reports look for what no API tells afterwards, and
 * those that matter become a short message. And what the topics say is passed on to the team's webhook.
 */
export function notifier(options: NotifierOptions) {
  const { site, language, now = () => new Date() } = options;
  const told = new Map<string, number>();
  const muted = () => options.muteUntil !== undefined && now() < new Date(options.muteUntil);

  return async (input: CloudEvent | SNSEvent): Promise<void> => {
    if ("Records" in input) {
      for (const { Sns } of input.Records) {
        await options.post?.(redact(channelText(Sns.Subject, Sns.Message)));
      }
      return;
    }
    const entry = ENTRIES[input["detail-type"]];
    const mark = entry?.mark?.(input);
    options.journal(JSON.stringify({ event: redactAll(input), ...(mark ? { mark } : {}) }));
    const note = entry?.note(input);
    if (!note || muted()) return;
    const key = `${input["detail-type"]} ${note.subject}`;
    const at = now().getTime();
    if (at - (told.get(key) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return;
    const subject = `${site}: ${input["detail-type"]}`.replace(/[^\x20-\x7e]/g, "?").slice(0, 99);
    await options.publish(subject, redact(`${note.text[language]}\n\n${site}, ${input.time ?? now().toISOString()}`));
    told.set(key, at);
  };
}

/** What a channel shows of a topic's message. An alarm's is JSON, of which people want name, state, reason and description. */
export function channelText(subject: string | null | undefined, message: string): string {
  try {
    const { AlarmName, NewStateValue, NewStateReason, AlarmDescription } = JSON.parse(message) as Record<
      string,
      string
    >;
    if (AlarmName && NewStateValue) {
      return [`${NewStateValue}: ${AlarmName}`, NewStateReason, AlarmDescription].filter(Boolean).join("\n");
    }
  } catch {
    // Not JSON: a text for people already.
  }
  return [subject, message].filter(Boolean).join("\n");
}
