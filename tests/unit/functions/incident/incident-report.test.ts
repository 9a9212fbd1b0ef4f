import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Finding, Recording, Source } from "../../../../core/incident";
import type { Language } from "../../../../core/language";
import type { About } from "../../../../core/reporter-config";
import type { Clients } from "../../../../functions/incident/collectors/context";
import { gather } from "../../../../functions/incident/collectors/gather";
import { incidentDocument, reportSms, reportSubject } from "../../../../functions/incident/reporter/incident-document";
import { buildReport, type Report } from "../../../../functions/incident/reporter/incident-report";
import { toHtml } from "../../../../output/html";
import { toPlain } from "../../../../output/plain";

const FOLDER = path.join(__dirname, "..", "..", "..", "incidents");
const recorded = (file: string) => JSON.parse(readFileSync(path.join(FOLDER, file), "utf8")) as Recording;
const about: About = {
  site: "iamvet.kr",
  stack: "prod",
  region: "ap-northeast-2",
  dashboard: "https://example.test/d",
};
const now = new Date("2026-03-02T04:13:00Z");
const report = (recording: Recording, phase: "started" | "ended" | "asked" = "started") =>
  buildReport(recording, about, { phase, now });

const reportText = (one: Report, language: Language, storedAt?: string) =>
  toPlain(incidentDocument(one, language, "message", storedAt));
const reportHtml = (one: Report, language: Language) => toHtml(incidentDocument(one, language, "page"));

describe("the report of an incident", () => {
  it("can be written of every recorded incident, in both languages and all forms", () => {
    for (const file of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".json"),
    )) {
      const one = report(recorded(file));
      for (const language of ["en", "ko"] as const) {
        const text = reportText(one, language);
        const cause = one.causes[0];
        assert.ok(cause && text.includes(cause.title[language]) && text.includes(cause.do[language]), file);
        assert.ok(Buffer.byteLength(text) < 100_000, "SNS takes 256 KiB");
        assert.doesNotMatch(text, /: undefined|\[object|NaN/, file);
        const html = reportHtml(one, language);
        assert.match(html, new RegExp(`^<!doctype html>\\n<html lang="${language}">`));
        assert.doesNotMatch(html, /undefined<|<script|\[object|NaN/, file);
        assert.ok(reportSms(one, language).length <= 306);
      }
      assert.match(reportSubject(one), /^[\x20-\x7e]{1,99}$/, "SNS refuses other subjects");
    }
  });

  it("tells the cause, the evidence, when it began and what to do", () => {
    const text = reportText(report(recorded("fargate/oom.json")), "en", "s3://bucket/report.html");
    assert.match(text, /^iamvet\.kr is down\n/);
    assert.match(text, /Alarm: iamvet-prod-site-is-down\nsince: 2026-03-02 04:12:00 UTC/);
    assert.match(text, /1\. .*\[high confidence, \d+ %\]\n {5}Do: /);
    assert.match(text, /Timeline\n {2}\d\d:\d\d:\d\d/);
    assert.match(text, /Dashboard: https:\/\/example\.test\/d/);
    assert.match(text, /s3:\/\/bucket\/report\.html/);
    assert.match(reportText(report(recorded("fargate/oom.json")), "ko"), /시작: 2026-03-02 13:12:00 KST/);
  });

  it("says how long it lasted when it is over", () => {
    const one = recorded("fargate/oom.json");
    const over = report({ ...one, incident: { ...one.incident, endedAt: "2026-03-02T04:36:40Z" } }, "ended");
    assert.equal(over.minutes, 25);
    assert.match(reportText(over, "en"), /is back[\s\S]*lasted: 25 min/);
    assert.match(reportSubject(over), /^OK iamvet\.kr \(25 min\)/);
  });

  it("keeps its timeline in order and short", () => {
    for (const file of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".json"),
    )) {
      const { timeline } = report(recorded(file));
      assert.ok(timeline.length <= 60, file);
      const times = timeline.map(({ at }) => Date.parse(at));
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
        file,
      );
    }
  });

  it("names what could not be asked, and shows no markup or secret of a log line", () => {
    const line = "Error <img src=x> postgres://app:hunter2@db:5432/x mail kim@iamvet.kr AKIAABCDEFGHIJKLMNOP failed";
    const finding: Finding = {
      source: { kind: "logs", logGroup: "app" },
      answers: {
        "GetQueryResults#first": {
          results: [
            [
              { field: "@timestamp", value: "2026-03-02 04:11:00.000" },
              { field: "@message", value: line },
            ],
          ],
        },
      },
    };
    const failed: Finding = { source: { kind: "changes" }, error: "AccessDenied for postgres://app:hunter2@db" };
    const one = report({
      incident: { id: "1", alarm: "a", startedAt: "2026-03-02T04:12:00Z" },
      findings: [finding, failed],
    });
    const all = [reportText(one, "en"), reportHtml(one, "ko"), JSON.stringify(one)];
    for (const text of all) {
      assert.doesNotMatch(text, /hunter2|kim@|AKIAABCD/);
      assert.match(text, /AccessDenied/);
    }
    assert.doesNotMatch(all[1] as string, /<img/);
    assert.match(all[0] as string, /Could not be asked\n {2}- changes \(CloudTrail\)/);
  });

  it("says so when nothing explains it, and when a person asked and nothing had happened", () => {
    const empty = { incident: { id: "1", alarm: "a", startedAt: "2026-03-02T04:12:00Z" }, findings: [] };
    assert.match(reportText(report(empty), "en"), /No rule explains/);
    const asked = { ...empty, incident: { ...empty.incident, alarm: "" } };
    assert.match(reportText(report(asked, "asked"), "en"), /No alarm of the site went off/);
  });
});

describe("gathering", () => {
  const source = (kind: string) => ({ kind, logGroup: kind }) as unknown as Source;
  const options = { aws: {} as Clients, from: now, to: now };

  it("names a collector that throws, hangs, or brings a part only, and keeps the others", async () => {
    let aborted = false;
    const started = Date.now();
    const found = await gather(["good", "throws", "hangs", "partly", "unknown"].map(source), {
      ...options,
      deadline: 80,
      collectors: {
        good: { timeLimit: 1000, gather: async () => ({ Answer: { at: new Date(0), $metadata: {} } }) },
        throws: {
          timeLimit: 1000,
          gather: () => {
            throw Object.assign(new Error("not allowed: token=abcdef"), { name: "AccessDeniedException" });
          },
        },
        hangs: {
          timeLimit: 60_000,
          gather: (_source, { http }) => {
            http.abortSignal.addEventListener("abort", () => {
              aborted = true;
            });
            return new Promise(() => {});
          },
        },
        partly: {
          timeLimit: 1000,
          gather: async (_source, { missed }) => {
            missed("ListTasks", new Error("throttled"));
            return { Rest: 1 };
          },
        },
      },
    });
    assert.ok(Date.now() - started < 2000, "the deadline holds");
    assert.ok(aborted, "what is given up is told to stop");
    const [good, throws, hangs, partly, unknown] = found as [Finding, Finding, Finding, Finding, Finding];
    assert.deepEqual(good.answers, { Answer: { at: "1970-01-01T00:00:00.000Z" } });
    assert.equal(good.error, undefined);
    assert.match(throws.error ?? "", /^AccessDeniedException not allowed: token=\[redacted\]$/);
    assert.match(hangs.error ?? "", /no answer within 0 s/);
    assert.equal(partly.error, "ListTasks: throttled");
    assert.deepEqual(partly.answers, { Rest: 1 });
    assert.match(unknown.error ?? "", /no collector of the kind unknown/);
  });
});
