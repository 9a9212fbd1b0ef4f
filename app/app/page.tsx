import { randomUUID } from "node:crypto";
import { revalidatePath } from "next/cache";
import { latestNotes, parseNote, writeNote } from "../lib/notes";
import { Help } from "./help";

export const dynamic = "force-dynamic";

/** A server action: every instance must hold the same NEXT_SERVER_ACTIONS_ENCRYPTION_KEY for it to work behind a load balancer. */
async function sign(form: FormData): Promise<void> {
  "use server";
  const note = parseNote({ id: form.get("id"), text: form.get("text") });
  if (note) await writeNote(note);
  revalidatePath("/");
}

export default async function Page() {
  const notes = await latestNotes().catch(() => undefined);
  return (
    <main>
      <h1>Guest book</h1>
      <form action={sign}>
        <input type="hidden" name="id" defaultValue={randomUUID()} />
        <input name="text" maxLength={280} required placeholder="Say something" />
        <button type="submit">Sign</button>
      </form>
      {notes ? (
        <ul>
          {notes.map((note) => (
            <li key={note.id}>{note.text}</li>
          ))}
        </ul>
      ) : (
        <p role="alert">The guest book is closed for a moment. Please try again.</p>
      )}
      <Help />
    </main>
  );
}
