import { latestNotes, parseNote, writeNote } from "../../../lib/notes";

export const dynamic = "force-dynamic";

const UNAVAILABLE = { error: "The database does not answer. Try again in a moment." };

/** Runs a handler and turns a lost database into 503, which tells a client to repeat; the reason is in the log only. */
async function served(handler: () => Promise<Response>): Promise<Response> {
  try {
    return await handler();
  } catch (error) {
    console.error("request failed:", error instanceof Error ? error.message : error);
    return Response.json(UNAVAILABLE, { status: 503, headers: { "Retry-After": "1" } });
  }
}

/** The newest notes. */
export function GET(): Promise<Response> {
  return served(async () => Response.json({ notes: await latestNotes() }));
}

/** Writes `{id, text}`. 201 is an acknowledgement: the row is committed. */
export function POST(request: Request): Promise<Response> {
  return served(async () => {
    const note = parseNote(await request.json().catch(() => undefined));
    if (!note) return Response.json({ error: "Send {id: a UUID, text: 1 to 280 characters}." }, { status: 400 });
    await writeNote(note);
    return Response.json(note, { status: 201 });
  });
}
