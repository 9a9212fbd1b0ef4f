import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createPlain } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../../../../components/aws/lambda-code";
import { listFindings } from "../../../../functions/watcher/findings";
import { type Memory, NOTHING_KNOWN } from "../../../../functions/watcher/judge";
import type { Observed } from "../../../../functions/watcher/observed";
import { ask, askControl, resolveName } from "../../../../functions/watcher/visit";
import { watcher } from "../../../../functions/watcher/watcher-handler";

const SITE = "www.example.com";
const MINUTE = 60_000;

/** A certificate of the site's name, valid between two moments (YYMMDDHHMMSSZ), made by OpenSSL. */
function certificate(folder: string, name: string, from: string, to: string): { key: Buffer; cert: Buffer } {
  const file = (end: string) => join(folder, `${name}.${end}`);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  openssl(
    "req",
    "-new",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    file("key"),
    "-out",
    file("csr"),
    "-subj",
    `/CN=${SITE}`,
  );
  const settings = ["new_certs_dir=.", "database=index", "serial=serial", "policy=any", "default_md=sha256"];
  writeFileSync(file("cnf"), `[ca]\ndefault_ca=own\n[own]\n${settings.join("\n")}\n[any]\ncommonName=supplied\n`);
  writeFileSync(join(folder, "index"), "");
  writeFileSync(join(folder, "serial"), "01");
  const dates = ["-startdate", from, "-enddate", to];
  const files = ["-keyfile", file("key"), "-in", file("csr"), "-out", file("crt")];
  openssl("ca", "-batch", "-selfsign", "-config", file("cnf"), ...dates, ...files);
  return { key: readFileSync(file("key")), cert: readFileSync(file("crt")) };
}

describe("the watcher asks the site", function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), "watcher-"));
  const servers: { close: () => unknown; closeAllConnections?: () => void }[] = [];
  let [valid, expired] = [{}, {}];
  before(() => {
    valid = certificate(folder, "valid", "250101000000Z", "450101000000Z");
    expired = certificate(folder, "expired", "200101000000Z", "210101000000Z");
  });
  after(() => {
    for (const server of servers) {
      server.closeAllConnections?.();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });
  const listening = async (server: Server | ReturnType<typeof createPlain>): Promise<number> => {
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return (server.address() as AddressInfo).port;
  };
  const site = (answer: RequestListener, keys: object = valid) => listening(createServer(keys, answer));
  const asked = (port: number) => ask({ name: SITE, path: "/api/health-external", port, patience: 1_000 }, "127.0.0.1");
  const status =
    (code: number): RequestListener =>
    (_, response) =>
      response.writeHead(code).end();

  it("by its name and path, and tells the status and the days that the certificate has left", async () => {
    const seen: unknown[] = [];
    const port = await site(({ headers, url, socket }, response) => {
      seen.push(headers.host, url, (socket as { servername?: string }).servername);
      response.end();
    });
    const answer = await asked(port);
    assert.equal(answer.status, 200);
    assert.ok((answer.daysLeft ?? 0) > 1000);
    assert.deepEqual(seen, [`${SITE}:${port}`, "/api/health-external", SITE]);
    assert.equal((await asked(await site(status(503)))).status, 503);
  });

  it("and tells apart one that hangs, refuses, hangs up, has no TLS, or shows a certificate that has expired", async () => {
    const hangs = await site(() => {});
    assert.deepEqual(Object.keys(await asked(hangs)).sort(), ["certificate", "daysLeft", "error"]);
    assert.equal((await asked(hangs)).error, "ETIMEDOUT");
    const silent = await listening(createPlain(() => {}));
    assert.deepEqual(await asked(silent), { error: "ETIMEDOUT" });
    const plain = createPlain((socket) => socket.destroy());
    const port = await listening(plain);
    assert.equal((await asked(port)).error, "ECONNRESET");
    plain.close();
    assert.equal((await asked(port)).error, "ECONNREFUSED");
    const old = await asked(await site(status(200), expired));
    assert.equal(old.status, 200);
    assert.ok((old.daysLeft ?? 0) < 0);
    assert.ok(old.certificate);
  });

  it("and whether anything else answers, and where the name leads", async () => {
    assert.equal(await askControl("http://127.0.0.1:9/"), false);
    assert.deepEqual(await resolveName("localhost"), ["127.0.0.1"]);
    assert.deepEqual(await resolveName("does-not-exist.invalid"), []);
  });

  /** The watcher with the real questions, of a server that AWS says is well. */
  async function looking(port: number, over: Partial<Observed["around"] & object> = {}, memory: Partial<Memory> = {}) {
    const [started, told]: [string[], string[]] = [[], []];
    const look = async (): Promise<Observed> => {
      const answer = await asked(port);
      const checks = { systemCheck: "ok", instanceCheck: "ok", volumeCheck: "ok" } as const;
      return {
        now: new Date().toISOString(),
        mute: "off",
        name: answer,
        address: answer,
        server: { state: "running", launchedAt: "2026-01-01T00:00:00Z", managed: true, ...checks },
        around: {
          ...{
            control: true,
            resolved: ["127.0.0.1"],
            open: true,
            keepsAddress: true,
            customerKey: false,
            database: "available",
          },
          ...over,
        },
      };
    };
    const kept: Memory = { ...NOTHING_KNOWN, armedAt: "2026-01-01T01:00:00Z", ...memory };
    const said = await watcher({
      ...{ site: SITE, addresses: ["127.0.0.1"], maxPerHour: 3, look, pause: async () => {}, recall: async () => kept },
      ...{ keep: async () => {}, run: async () => ({ ended: true, acted: false }), log: () => {} },
      start: async (_, trigger) => `run ${started.push(trigger)}`,
      publish: async (subject) => void told.push(subject),
    })({ Trigger: "schedule", Document: "recover" });
    return { started, told, said };
  }

  it("sees a quiet site that hangs, of which no alarm tells, and starts the recovery", async () => {
    const { started } = await looking(await site(() => {}));
    assert.deepEqual(started, ["schedule: ETIMEDOUT by its name, ETIMEDOUT at the server's address"]);
  });

  it("does nothing about a site that answers, with whatever certificate or error of the visitor", async () => {
    for (const port of [await site(status(200)), await site(status(404)), await site(status(200), expired)]) {
      const { started, said } = await looking(port);
      assert.deepEqual(started, []);
      assert.equal(said, "nothing done: the site answers");
    }
  });

  it("starts nothing, and tells why, where no restart would help", async () => {
    const hangs = await site(() => {});
    const cases: readonly (readonly [object, Partial<Memory>, RegExp])[] = [
      [{ control: false }, {}, /held-vantage-blind/],
      [{ open: false }, {}, /held-group-closed/],
      [{ database: "stopped" }, {}, /held-database-away/],
      [{}, { starts: Array(3).fill(new Date().toISOString()) }, /held-capped/],
    ];
    for (const [around, memory, subject] of cases) {
      const { started, told } = await looking(hangs, around, memory);
      assert.deepEqual(started, []);
      assert.match(told.join(), subject);
    }
  });

  it("is bundled whole, without the SDK, as Lambda brings that", async () => {
    const text = await bundle("watcher");
    assert.ok(text.length < 40_000, `${text.length}`);
    assert.match(text, /require\("@aws-sdk\/client-ssm"\)/);
  });
});

describe("what the watcher finds", () => {
  const well: Observed = {
    now: "2026-11-30T12:00:00Z",
    mute: "off",
    name: { status: 200, daysLeft: 60 },
    address: { status: 200, daysLeft: 60 },
    server: {
      ...{ state: "running", launchedAt: "2026-01-01T00:00:00Z", managed: true },
      ...{ systemCheck: "ok", instanceCheck: "ok", volumeCheck: "ok" },
    },
    around: {
      control: true,
      resolved: ["198.51.100.10"],
      open: true,
      keepsAddress: true,
      customerKey: false,
      database: "available",
    },
  };
  const found = (over: Partial<Observed>) =>
    listFindings({ ...well, ...over }, ["198.51.100.10"], undefined).map(({ key }) => key);
  const server = (over: Partial<Observed["server"]>) => ({ server: { ...well.server, ...over } });
  const around = (over: object) => ({ around: { ...well.around, ...over } as Observed["around"] & object });
  const fails = { error: "ETIMEDOUT" };

  it("is nothing where all is well", () => assert.deepEqual(found({}), []));
  const cases: readonly (readonly [string, Partial<Observed>, string[]])[] = [
    ["a renewal that does not work", { name: { status: 200, daysLeft: 9 } }, ["certificate-renewal"]],
    ["a certificate that browsers refuse", { name: { status: 200, certificate: "CERT_HAS_EXPIRED" } }, ["certificate"]],
    ["a name that leads elsewhere", { name: fails, ...around({ resolved: ["192.0.2.1"] }) }, ["dns"]],
    ["a name that leads nowhere", { name: fails, ...around({ resolved: [] }) }, ["dns"]],
    ["a name that leads here, and does not arrive", { name: fails }, ["name"]],
    ["an agent that does not report", server({ managed: false }), ["unmanaged"]],
    ["no agent yet in a first boot", server({ managed: false, launchedAt: "2026-11-30T11:50:00Z" }), []],
    ["a disk that does not answer", server({ volumeCheck: "impaired" }), ["volume"]],
    ["a machine that fails its check", server({ systemCheck: "impaired" }), ["system-check"]],
  ];
  for (const [title, seen, keys] of cases) it(`tells ${title}`, () => assert.deepEqual(found(seen), keys));

  it("is told once, and again when it has been away for an hour", async () => {
    let [memory, at] = [{ ...NOTHING_KNOWN, armedAt: "2026-01-01T00:00:00Z" } as Memory, Date.parse(well.now)];
    const told: string[] = [];
    const tick = async (seen: Partial<Observed>, minutes: number) => {
      at += minutes * MINUTE;
      await watcher({
        ...{ site: SITE, addresses: ["198.51.100.10"], maxPerHour: 3, pause: async () => {}, log: () => {} },
        look: async () => ({ ...well, ...seen, now: new Date(at).toISOString() }),
        recall: async () => memory,
        keep: async (kept) => {
          memory = kept;
        },
        run: async () => ({ ended: true, acted: false }),
        start: async () => "run",
        publish: async (subject) => void told.push(subject),
      })({ Trigger: "schedule", Document: "recover" });
    };
    for (let look = 0; look < 20; look++) await tick(server({ managed: false }), 5);
    assert.equal(told.length, 1);
    await tick({}, 5);
    await tick(server({ managed: false }), 5);
    assert.equal(told.length, 1, "it was away for minutes");
    for (let look = 0; look < 14; look++) await tick({}, 5);
    await tick(server({ managed: false }), 5);
    assert.equal(told.length, 2);
  });
});

describe("a server that was adopted, from `up` to `attach` and an hour later", () => {
  it("is neither restarted nor rebooted: its process alarms breach on missing data, and the watcher says what is missing", async () => {
    const start = Date.parse("2026-11-30T12:00:00Z");
    const attachedAt = start + 90 * MINUTE;
    let [at, memory] = [start, NOTHING_KNOWN];
    const [runs, told]: [Map<string, { at: number; trigger: string }>, string[]] = [new Map(), []];
    const options = {
      ...{ site: SITE, addresses: ["203.0.113.10"], maxPerHour: 3, pause: async () => {}, log: () => {} },
      look: async (): Promise<Observed> => ({
        now: new Date(at).toISOString(),
        mute: "off",
        name: { status: 200, daysLeft: 40 },
        address: { status: 200, daysLeft: 40 },
        server: {
          ...{ state: "running", launchedAt: "2024-03-01T00:00:00Z", managed: at >= attachedAt + 5 * MINUTE },
          ...{ systemCheck: "ok", instanceCheck: "ok", volumeCheck: "ok" },
        },
      }),
      recall: async () => memory,
      keep: async (kept: Memory) => {
        memory = kept;
      },
      // A rehearsal takes half a minute: evidence finds a healthy server.
      run: async (id: string) => ({
        ended: at > (runs.get(id)?.at ?? 0) + MINUTE / 2,
        acted: false,
        outcome: "healthy",
      }),
      start: async (_: string, trigger: string) => {
        runs.set(`run-${runs.size}`, { at, trigger });
        return `run-${runs.size - 1}`;
      },
      publish: async (_: string, text: string) => void told.push(text),
    };
    const event = (Trigger: string) => watcher(options)({ Trigger, Document: "recover" });
    // The pattern of both alarms: LessThanThreshold with missing data as breaching goes to ALARM within minutes, once.
    await event("monitored-instance-app-process");
    await event("monitored-instance-nginx-process");
    for (; at <= attachedAt + 60 * MINUTE; at += 5 * MINUTE) await event("schedule");
    assert.deepEqual(
      [...runs.values()].map(({ trigger }) => trigger),
      ["rehearsal"],
    );
    assert.ok(memory.armedAt && Date.parse(memory.armedAt) > attachedAt);
    // While the site answers every question of a run is refused, so a rehearsal takes nothing away.
    for (const rung of ["free-disk", "restart-app", "restart-nginx", "reboot", "stop", "start"] as const)
      assert.match(await watcher(options)({ Ask: rung }), /^permit=no cause=site-answers /);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /platform attach/);
  });
});
