import { database } from "./db";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A row of the guest book. */
export interface Note {
  readonly id: string;
  readonly text: string;
}

/** The note in an untrusted value, or `undefined` when it is none: an id (UUID) and 1 to 280 characters. */
export function parseNote(value: unknown): Note | undefined {
  const { id, text } = (value ?? {}) as Partial<Note>;
  if (typeof id !== "string" || !UUID.test(id)) return undefined;
  if (typeof text !== "string" || text.trim() === "" || text.length > 280) return undefined;
  return { id: id.toLowerCase(), text: text.trim() };
}

/** Writes a note. The same id again changes nothing, so a writer that got no answer may safely repeat. */
export async function writeNote(note: Note): Promise<void> {
  await database().note.createMany({ data: [note], skipDuplicates: true });
}

/** The newest notes, newest first. */
export function latestNotes(count = 20): Promise<Note[]> {
  return database().note.findMany({ orderBy: { createdAt: "desc" }, take: count, select: { id: true, text: true } });
}
