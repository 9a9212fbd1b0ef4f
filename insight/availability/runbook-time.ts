import { isConcat, type PlannedResource } from "../../core/plan-format";
import { list, record, text } from "../../core/plan-reader";
import { readOnce } from "../../core/yaml";

/** A text as far as it is written: what other resources or AWS supply is left as a word. */
function written(value: unknown): string {
  if (isConcat(value)) return value.$concat.map((part) => (typeof part === "string" ? part : "reference")).join("");
  return text(value) ?? "";
}

/** Seconds of an automation up to its first repair: waits as written, commands and calls at the assumed duration. */
export function runbookSeconds(document: PlannedResource, stepSeconds: number): { seconds: number; steps: number } {
  let steps: readonly unknown[] = [];
  try {
    steps = list(record(readOnce(written(document.inputs.content))).mainSteps);
  } catch {
    // Content that is only known at the update: one command is assumed.
  }
  let seconds = 0;
  let counted = 0;
  for (const step of steps.map(record)) {
    counted++;
    const kind = text(step.action) ?? "";
    const wait = text(record(step.inputs).Duration)?.match(/^PT(?:(\d+)M)?(?:(\d+)S)?$/);
    seconds +=
      kind === "aws:sleep" && wait
        ? Number(wait[1] ?? 0) * 60 + Number(wait[2] ?? 0)
        : kind === "aws:branch"
          ? 0
          : stepSeconds;
    if (/runCommand|changeInstanceState|executeAutomation/.test(kind)) return { seconds, steps: counted };
  }
  return { seconds: seconds || stepSeconds, steps: counted || 1 };
}
