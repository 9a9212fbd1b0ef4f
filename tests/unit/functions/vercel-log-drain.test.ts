import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { drain } from "../../../functions/vercel-log-drain/drain";

describe("the receiver of Vercel's log drain", () => {
  const token = "t0ken-of-the-drain";
  let lines: string[] = [];
  const handle = drain({
    tokenSha256: createHash("sha256").update(token).digest("hex"),
    verificationCode: "code-1",
    write: (line) => void lines.push(line),
  });
  const send = async (body: string, authorization: string | undefined = `Bearer ${token}`, isBase64Encoded = false) => {
    const event = { headers: { authorization }, body, isBase64Encoded, requestContext: { http: { method: "POST" } } };
    const answer = await handle(event as unknown as Parameters<typeof handle>[0]);
    if (typeof answer === "string") throw new Error("an object was expected");
    assert.deepEqual(answer.headers, { "x-vercel-verify": "code-1" });
    return answer.statusCode;
  };
  beforeEach(() => {
    lines = [];
  });

  it("writes each line of a batch as one event with its fields", async () => {
    const entries = [
      { id: "1", source: "lambda", level: "error", message: "boom", proxy: { statusCode: 500, path: "/" } },
      { id: "2", source: "edge", level: "info", proxy: { statusCode: 200 } },
    ];
    const batch = `${entries.map((entry) => JSON.stringify(entry)).join("\n")}\n\n`;
    assert.equal(await send(batch), 200);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      entries,
    );
    assert.equal(await send(Buffer.from(batch).toString("base64"), undefined, true), 200);
    assert.equal(lines.length, 4);
  });

  it("keeps what is no JSON object, on one line, and cuts what is too long", async () => {
    assert.equal(await send('plain text\n[1,2]\n"x"\nnull'), 200);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [{ message: "plain text" }, { message: "[1,2]" }, { message: '"x"' }, { message: "null" }],
    );
    await send(JSON.stringify({ message: `${"x".repeat(50_000)}\nsecond line` }));
    assert.equal(JSON.parse(lines[4] ?? "").message.length, 16_384);
    assert.ok(!lines[4]?.includes("\n"));
  });

  it("answers Vercel's verification, and writes nothing for strangers", async () => {
    assert.equal(await send("", "none"), 200);
    assert.equal(await send('{"message":"forged"}', "Bearer wrong"), 401);
    assert.equal(await send('{"message":"forged"}', ""), 401);
    assert.deepEqual(lines, []);
  });
});
