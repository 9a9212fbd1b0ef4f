import { UserError } from "../../core/errors";

/** What a question has in common with its flag. */
interface Question<T> {
  readonly message: string;
  /** The flag that answers it without asking. */
  readonly flag: string;
  /** Proposed to a person; taken where nobody can be asked. Without one, a run without a person ends with a message. */
  readonly preset?: T | undefined;
  /** Proposed to a person only: a guess that nobody else may take for an answer. */
  readonly proposal?: T | undefined;
}

export interface Choice<T> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
  /** What to give instead of the question's flag and this value. */
  readonly flag?: string;
}

/** Asks a person, or answers for one. */
export interface Asker {
  select<T extends string>(question: Question<T> & { readonly choices: readonly Choice<T>[] }): Promise<T>;
  text(question: Question<string> & { readonly check?: (value: string) => string | undefined }): Promise<string>;
  confirm(question: Question<boolean>): Promise<boolean>;
  /** What is typed is not shown, and there is never a preset. */
  secret(question: Pick<Question<string>, "message" | "flag">): Promise<string>;
}

/** Who answers: a person at the terminal, unless there is none or nobody is to be asked (`--yes`). */
export const askerFor = async ({ yes = false }: { readonly yes?: boolean }): Promise<Asker> =>
  yes || !process.stdin.isTTY || !process.stderr.isTTY ? askNobody : askPerson();

/** @throws {UserError} if the answer is no */
export async function agreed(ask: Asker, question: Question<boolean>): Promise<void> {
  if (!(await ask.confirm(question))) throw new UserError(STOPPED);
}

const STOPPED = "Stopped. Nothing was changed.";

/** Asks on the terminal, beside the command's output. Leaving with Ctrl-C ends the command with nothing changed. */
async function askPerson(): Promise<Asker> {
  const clack = await import("@clack/prompts");
  const output = process.stderr;
  const answered = <T>(value: T): Exclude<T, symbol> => {
    if (clack.isCancel(value)) throw new UserError(STOPPED);
    return value as Exclude<T, symbol>;
  };
  return {
    async select({ message, choices, preset, proposal }) {
      const options = choices.map(({ value, label, hint }) => ({
        value: value as string,
        label,
        ...(hint ? { hint } : {}),
      }));
      return answered(
        await clack.select({
          output,
          message,
          options,
          initialValue: (preset ?? proposal ?? choices[0]?.value) as string,
        }),
      ) as (typeof choices)[number]["value"];
    },
    async text({ message, preset, proposal, check }) {
      return answered(
        await clack.text({
          output,
          message,
          initialValue: preset ?? proposal ?? "",
          validate: (value) => check?.(value ?? ""),
        }),
      );
    },
    async confirm({ message, preset, proposal }) {
      return answered(await clack.confirm({ output, message, initialValue: preset ?? proposal ?? false }));
    },
    async secret({ message }) {
      return answered(
        await clack.password({ output, message, validate: (value) => (value ? undefined : "nothing was typed") }),
      );
    },
  };
}

/** Where nobody can be asked: takes the presets, and names the flag that is missing. */
export const askNobody: Asker = {
  async select({ message, flag, preset, choices }) {
    if (preset !== undefined) return preset;
    const lines = choices.map(
      ({ value, label, hint, flag: own = `${flag} ${value}` }) => `  ${own}  ${label}${hint ? ` (${hint})` : ""}`,
    );
    throw new UserError([`${message} Nobody can be asked here, so say which:`, ...lines].join("\n"));
  },
  async text({ message, flag, preset, check }) {
    if (preset === undefined) throw new UserError(`${message} Nobody can be asked here: give ${flag}.`);
    const wrong = check?.(preset);
    if (wrong) throw new UserError(`${flag} ${preset}: ${wrong}`);
    return preset;
  },
  async confirm({ message, flag, preset }) {
    if (preset === undefined) throw new UserError(`${message} Nobody can be asked here: give ${flag}.`);
    return preset;
  },
  async secret({ message, flag }) {
    throw new UserError(`${message} Nobody can be asked here: give ${flag}.`);
  },
};
