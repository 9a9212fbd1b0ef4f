/** Where AWS is asked, by the SDK's own chain of credentials. */
export interface Account {
  readonly region: string;
  /** The stack's `aws:profile`. @default the SDK's chain */
  readonly profile?: string;
}

/** A resource's inputs, known, as the engine is given them. */
export type Inputs = Readonly<Record<string, unknown>>;

export type Tags = Readonly<Record<string, string>>;

/** What AWS has. */
export interface Found {
  /** The id by which Pulumi imports it, which is the provider's own id but for a database. */
  readonly id: string;
  /** Undefined for what has no tags. */
  readonly tags?: Tags;
  /** What it says, for what has no tags; the same text as of the inputs that say the same. */
  readonly says?: string;
}

const isError = (error: unknown, ...names: readonly string[]) => error instanceof Error && names.includes(error.name);

/** The answer, or undefined where AWS has no such thing. */
export async function unlessMissing<T>(question: Promise<T>, ...names: readonly string[]): Promise<T | undefined> {
  try {
    return await question;
  } catch (error) {
    if (isError(error, ...names)) return undefined;
    throw error;
  }
}

export const tagsOf = (list: readonly { Key?: string; Value?: string }[] = []): Tags =>
  Object.fromEntries(list.map(({ Key, Value }) => [Key, Value ?? ""]));

/** Whether a name is one that Pulumi makes of a logical one. */
export const isNamed = (name: string, found = "") =>
  found.startsWith(`${name}-`) && /^[0-9a-f]{7,}$/.test(found.slice(name.length + 1));
