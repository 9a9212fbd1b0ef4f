import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import type { Recording } from "../../../../core/incident";
import { regex } from "../../../../core/regex";
import { CAUSES } from "../../../../functions/incident/causes";
import { diagnose, toEvidence } from "../../../../functions/incident/causes/diagnose";

interface Recorded extends Recording {
  readonly expect: readonly string[];
  readonly never: readonly string[];
}

const FOLDER = path.join(__dirname, "..", "..", "..", "incidents");
const RECORDED = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({ file, ...(JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")) as Recorded) }));

const verdict = (recording: Recording) => diagnose(toEvidence(recording));
const names = (recording: Recording) => verdict(recording).causes.map((cause) => cause.id);

describe("diagnosis of recorded incidents", () => {
  it("has at least 25 of them, of every tier, with causes that exist", () => {
    assert.ok(RECORDED.length >= 25);
    const known = new Set<string>(CAUSES.map((cause) => cause.id));
    for (const { expect, never } of RECORDED) for (const id of [...expect, ...never]) assert.ok(known.has(id), id);
  });

  it("ranks the right cause first, and all but one of 25 at least", () => {
    const wrong = RECORDED.filter((one) => !one.expect.includes(names(one)[0] ?? "none"));
    assert.ok(wrong.length <= Math.floor(RECORDED.length / 25), wrong.map((w) => `${w.file}: ${names(w)}`).join("\n"));
  });

  for (const one of RECORDED) {
    it(`${one.file}: names ${one.expect.join(" and ")}, and nothing else with high confidence`, () => {
      const causes = verdict(one).causes;
      assert.deepEqual(
        causes
          .slice(0, one.expect.length)
          .map((c) => c.id)
          .sort(),
        [...one.expect].sort(),
      );
      const high = causes.filter((c) => c.level === "high" && !one.expect.includes(c.id));
      assert.deepEqual(
        high.map((c) => c.id),
        [],
      );
      const named = causes.flatMap((c) => [c.id, ...c.consequences.map((k) => k.id)]);
      for (const id of one.never) assert.ok(!named.includes(id), `${id} has nothing to do with it`);
    });
  }

  it("does not depend on identifiers, on the date, or on the order of answers", () => {
    fc.assert(
      fc.property(fc.constantFrom(...RECORDED), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (one, seed) => {
        const shuffled = disguise(one, seed);
        assert.notEqual(JSON.stringify(shuffled.findings), JSON.stringify(one.findings));
        const pick = (r: Recording) => verdict(r).causes.map((c) => [c.id, c.confidence, c.level]);
        assert.deepEqual(pick(shuffled), pick(one), one.file);
      }),
      { numRuns: 300 },
    );
  });

  it("is less sure with any one collector less, and names nothing that it did not name before", () => {
    for (const one of RECORDED) {
      const all = verdict(one);
      const before = new Map(
        all.causes.flatMap((c) => [
          [c.id, c.confidence] as const,
          ...c.consequences.map((k) => [k.id, k.confidence] as const),
        ]),
      );
      for (const removed of one.findings) {
        const rest = verdict({ ...one, findings: one.findings.filter((finding) => finding !== removed) });
        for (const cause of rest.causes) {
          const was = before.get(cause.id);
          assert.ok(was !== undefined, `${one.file} without ${removed.source.kind} invents ${cause.id}`);
          const sole = !one.findings.some((f) => f !== removed && f.source.kind === removed.source.kind && f.answers);
          if (removed.answers !== undefined && sole) {
            assert.ok(cause.confidence < was, `${one.file} without ${removed.source.kind}: ${cause.id} stays as sure`);
          }
          if (!one.expect.includes(cause.id))
            assert.notEqual(cause.level, "high", `${one.file} without ${removed.source.kind}`);
        }
      }
    }
  });

  it("names both causes when two incidents happen at once", () => {
    // Pairs of unrelated causes, laid over each other at the same moment.
    const pairs = [
      ["fargate/oom.json", "dns/record-deleted.json"],
      ["ec2/disk-full.json", "db/stopped.json"],
      ["db/locks.json", "vercel/paused.json"],
      ["fargate/spot.json", "db/password-rotated.json"],
      ["ec2/nginx-config.json", "db/storage-full.json"],
    ] as const;
    for (const [a, b] of pairs) {
      const [first, second] = [recorded(a), recorded(b)];
      const shift = Date.parse(first.incident.startedAt) - Date.parse(second.incident.startedAt);
      const moved = moveTimes(second, shift) as Recorded;
      const both = names({ incident: first.incident, findings: [...first.findings, ...moved.findings] });
      assert.deepEqual(both.slice(0, 2).sort(), [...first.expect, ...second.expect].sort(), `${a} + ${b}`);
    }
  });

  it("says nothing when nothing is known, and names the collectors that failed", () => {
    const incident = recorded("fargate/oom.json").incident;
    const failed = diagnose(
      toEvidence({ incident, findings: [{ source: { kind: "changes" }, error: "AccessDeniedException" }] }),
    );
    assert.deepEqual(failed.causes, []);
    assert.deepEqual(
      failed.gaps.map((gap) => gap.kind),
      ["changes"],
    );
  });
});

describe("rules", () => {
  it("contain no literal of a recorded incident", () => {
    const identifiers = new Set<string>();
    for (const one of RECORDED) collectIdentifiers(one, identifiers);
    assert.ok(identifiers.size > 300, "the search for identifiers finds them");
    const text = rulesSource();
    for (const identifier of identifiers) {
      const found = new RegExp(`(?<![\\w-])${identifier.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")}(?![\\w-])`, "i").test(
        text,
      );
      assert.ok(!found, `a rule contains "${identifier}" of a recorded incident`);
    }
  });

  it("contain no whole message of a recorded incident", () => {
    const text = rulesSource().toLowerCase();
    for (const one of RECORDED) {
      for (const message of strings(one.findings)) {
        for (let i = 0; i + 50 <= message.length; i += 10) {
          assert.ok(!text.includes(message.slice(i, i + 50).toLowerCase()), message.slice(i, i + 50));
        }
      }
    }
  });

  it("are complete in both languages, weigh between 0 and 1, and explain causes that exist", () => {
    const known = new Set<string>(CAUSES.map((cause) => cause.id));
    assert.equal(known.size, CAUSES.length, "an id occurs twice");
    for (const cause of CAUSES) {
      for (const text of [cause.title, cause.do]) {
        assert.ok(text.en.length > 10 && /[가-힣]/.test(text.ko), cause.id);
        assert.ok(!/[가-힣]/.test(text.en), cause.id);
      }
      for (const clue of cause.clues) assert.ok(clue.weight > 0 && clue.weight < 1 && clue.all.length > 0, cause.id);
    }
  });
});

const recorded = (file: string): Recorded => {
  const one = RECORDED.find((r) => r.file === file);
  assert.ok(one, file);
  return one;
};

/** Everything that a rule could contain: patterns as source, and the texts. */
function rulesSource(): string {
  return JSON.stringify(CAUSES, (_key, value) => (value instanceof RegExp ? value.source : value));
}

function strings(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "object" && value !== null) return Object.values(value).flatMap(strings);
  return [];
}

/** Names, ids, hosts, addresses and moments: what tells one incident from another. */
/** Keys whose values are names of the site's own. */
const NAMES = regex()`
  ^(AlarmName|AutoScalingGroupName|serviceName|DBInstanceIdentifier|logGroup|group|service|cluster|identifier|
  document|host|userName|Username)$`;

function collectIdentifiers(value: unknown, into: Set<string>): void {
  for (const text of strings(value)) {
    const found =
      text.match(
        regex("g")`
          \b(i-[0-9a-f]{8,}|arn:[\w:/-]+|\d{12}|[\w-]+\.example|prj_\w+|dpl_\w+|[0-9a-f]{12,}|
          \d{1,3}(?:\.\d{1,3}){3}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?|Z0[0-9A-F]{10,})\b`,
      ) ?? [];
    for (const one of found) into.add(one);
  }
  const named = (object: unknown): void => {
    if (typeof object !== "object" || object === null) return;
    for (const [key, inner] of Object.entries(object)) {
      if (typeof inner === "string" && NAMES.test(key)) {
        if (inner.length > 3 && !/^(arn:|AWS)/.test(inner)) into.add(inner);
      }
      named(inner);
    }
  };
  named(value);
}

/** The same incident elsewhere, at another time, with other ids, and with its lists in another order. */
function disguise(one: Recorded, seed: number): Recorded {
  const random = generator(seed);
  const shift = Math.floor((random() - 0.5) * 600) * 86_400_000 + Math.floor(random() * 86_400) * 1000;
  const replaced = new Map<string, string>();
  const other = (text: string) => {
    const known = replaced.get(text);
    if (known !== undefined) return known;
    const fresh = text.replace(/[0-9a-f]/g, (c) => {
      const pool = /[0-9]/.test(c) ? "0123456789" : "abcdef";
      return pool[Math.floor(random() * pool.length)] ?? c;
    });
    replaced.set(text, fresh);
    return fresh;
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === "string") {
      return value
        .replace(/(?<![\w])(?=[0-9a-f]*\d)[0-9a-f]{7,40}(?![\w])/g, other)
        .replace(/\bi-[0-9a-f]{8,}/g, (id) => `i-${other(id.slice(2))}`)
        .replace(/\b(iamvet-prod|iamvet-web|vetsite-staging|clinic|paw)\b/g, (name) =>
          other(`${name}-${"abc123".repeat(1)}`).slice(0, 12),
        );
    }
    if (Array.isArray(value)) {
      const items = value.map(walk);
      // Timestamps and Values belong together by position; container lists and rows of a log query are ordered too.
      return items.every((item) => typeof item === "object") && !isRow(items) ? shuffle(items, random) : items;
    }
    if (typeof value === "object" && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, ["kind", "Id", "Label"].includes(key) ? inner : walk(inner)]),
      );
    }
    return value;
  };
  return walk(moveTimes(one, shift)) as Recorded;
}

const isRow = (items: readonly unknown[]) =>
  items.some((item) => Array.isArray(item) || (typeof item === "object" && item !== null && "field" in item));

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** Every moment in a value moved by so many milliseconds: ISO 8601, the Logs Insights form, epoch times, a certificate's end. */
function moveTimes(value: unknown, shift: number): unknown {
  if (typeof value === "string") {
    return value
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, (t) =>
        new Date(Date.parse(t) + shift).toISOString(),
      )
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/g, (t) =>
        new Date(Date.parse(`${t.replace(" ", "T")}Z`) + shift).toISOString().replace("T", " ").slice(0, t.length),
      )
      .replace(/^[A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \d{4} GMT$/, (t) => new Date(Date.parse(t) + shift).toUTCString());
  }
  if (typeof value === "number") return value > 1.5e12 && value < 3e12 ? value + shift : value;
  if (Array.isArray(value)) return value.map((inner) => moveTimes(inner, shift));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, moveTimes(inner, shift)]));
  }
  return value;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
