import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { keepFiles } from "../../cli/commands/operate/release/assets";
import { bundle } from "../../components/aws/lambda-code";
import { Moto } from "../emulator/moto";
import { Python } from "../provider/python/python";
import { Balancer, type Numbers, numbersOf, planOfTheDrill, rulesOf } from "./harness/balancer";
import { Fleet } from "./harness/fleet";
import { Postgres } from "./harness/postgres";
import { endGroup, freePort, run, start, until } from "./harness/processes";
import { APP, DOMAIN, makeCertificate, prepareApp } from "./harness/site";
import { Tab } from "./harness/tab";
import { Client } from "./harness/traffic";
import { KINDS, type PageLoad } from "./harness/visitor";

/** Protections that can be left out, to show that the drill notices. */
export const SKEW_PROTECTIONS = {
  assets: "built files are answered by whatever target the load balancer picks",
  publish: "a release is not published before it is rolled out; the function asks the tiers",
} as const;
export type SkewProtection = keyof typeof SKEW_PROTECTIONS;

/** Page loads that a part must have had to say anything. */
const LEAST = 400;
/** Milliseconds after which a visitor gives up. */
const PATIENCE = 20_000;
const ROOT = join(__dirname, "..", "..");
const CACHE = join(ROOT, ".cache", "skew");
const BUCKET = "assets";
const REGION = "ap-northeast-2";
const TOKEN = "token-of-the-drill";
/** What moto takes for keys. */
const CREDENTIALS = { AWS_ACCESS_KEY_ID: "drill", AWS_SECRET_ACCESS_KEY: "drill", AWS_REGION: REGION };

/** What one kind of visitor met in a part. */
export interface KindOfVisitor {
  readonly kind: string;
  readonly loads: number;
  /** Page loads that missed a built file. */
  readonly missed: number;
}

/** What one part of the drill showed. */
export interface SkewRow {
  readonly part: string;
  readonly loads: number;
  readonly missed: number;
  /** Requests of all of them, and those without a good answer. */
  readonly requests: number;
  readonly lost: number;
  /** Requests a second that there were. */
  readonly rate: number;
  readonly kinds: readonly KindOfVisitor[];
  /** Whether a page that stayed open in Chromium loaded the rest of itself when the old processes were gone. */
  readonly browser: "yes" | "no" | "none";
  /** Milliseconds of a built file. */
  readonly p50: number;
  readonly p95: number;
  readonly problems: readonly string[];
}

export interface Skew {
  readonly numbers: Numbers;
  readonly rules: readonly string[];
  readonly rows: readonly SkewRow[];
}

export interface SkewOptions {
  readonly without: readonly SkewProtection[];
  /** Requests a second. */
  readonly rate: number;
  readonly say: (text: string) => void;
}

/** The drill of two builds behind one load balancer: a release and its way back, with visitors who load whole pages. */
export async function skew({ without, rate, say }: SkewOptions): Promise<Skew> {
  const python = await Python.find(say);
  if (typeof python === "string") throw new Error(python);
  const releases = { v1: await buildVersion("v1", say), v2: await buildVersion("v2", say) };
  const plan = await planOfTheDrill();
  const numbers = numbersOf(plan);
  const rules = rulesOf(plan, TOKEN, without.includes("assets") ? "asset-server-rule" : undefined);
  const drill = new Drill(releases, numbers, rules, !without.includes("publish"), rate, say);
  const leave = () => void drill.stop().then(() => process.exit(130));
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    say(`starting PostgreSQL, S3, the function, ${numbers.count} processes of the app, and HAProxy`);
    await drill.start(await Moto.start(python));
    const rows = [await drill.roll("a release", "v1", "v2"), await drill.roll("its roll back", "v2", "v1")];
    return { numbers, rules, rows };
  } finally {
    process.off("SIGINT", leave).off("SIGTERM", leave);
    await drill.stop();
  }
}

/** What differs in the second release: a page's script and the chunk that it loads late. */
const CHANGES: Readonly<Record<string, readonly [string, string]>> = {
  "app/help.tsx": ["How does this work?", "How does it work?"],
  "app/help-text.tsx": ["the newest first", "newest first"],
};

/** Builds one release of the app in a copy of its folder, where there is none of these sources yet. */
async function buildVersion(version: "v1" | "v2", say: SkewOptions["say"]): Promise<string> {
  await prepareApp(say);
  const folder = join(CACHE, version);
  const release = join(folder, ".next", "standalone");
  const sources = new Map(
    (await run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "."], { cwd: APP })).stdout
      .split("\0")
      .filter((name) => name && existsSync(join(APP, name)))
      .map((name) => [name, readFileSync(join(APP, name))]),
  );
  if (version === "v2") {
    for (const [name, [from, to]] of Object.entries(CHANGES)) {
      const text = sources.get(name)?.toString() ?? "";
      if (!text.includes(from)) throw new Error(`app/${name} does not say "${from}", which the second release changes`);
      sources.set(name, Buffer.from(text.replace(from, to)));
    }
  }
  const same = [...sources].every(([name, content]) => {
    const there = join(folder, name);
    return existsSync(there) && readFileSync(there).equals(content);
  });
  if (same && existsSync(join(release, "server.js"))) return release;
  say(`building the app, release ${version}`);
  rmSync(folder, { recursive: true, force: true });
  for (const [name, content] of sources) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  // Hard links: the bundler follows no link out of its folder.
  await run("cp", ["-al", join(APP, "node_modules"), join(folder, "node_modules")]);
  const env = {
    ...process.env,
    NEXT_TELEMETRY_DISABLED: "1",
    PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true",
    SITE_VERSION: version,
    NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: Buffer.alloc(32, 1).toString("base64"),
  };
  await run("npm", ["run", "build"], { cwd: folder, env, maxBuffer: 1 << 26 });
  return release;
}

/** The part of Lambda and the load balancer's way of calling it, with the very bundle that is deployed. */
async function startFunction(
  port: number,
  origin: string,
  endpoint: string,
  certificate: string,
): Promise<ChildProcess> {
  // In the repository, so that the bundle finds the SDK that Lambda's runtime has beside it.
  const file = join(CACHE, "function.js");
  writeFileSync(file, await bundle("assets"));
  const args = ["--import", "tsx", join(ROOT, "tests", "standins", "alb-function.ts"), file, String(port)];
  const child = start(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: "1",
      NODE_EXTRA_CA_CERTS: certificate,
      ...CREDENTIALS,
      AWS_ENDPOINT_URL_S3: endpoint,
      BUCKET,
      ORIGIN: origin,
      SITE: DOMAIN,
      PROBE_HEADER: "x-site-probe",
      PROBE_VALUES: JSON.stringify([`ha-web-tier.${TOKEN}`, `fargate.${TOKEN}`]),
    },
  });
  const up = () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      ({ status }) => status === 404,
      () => false,
    );
  if (!(await until(up, 60_000))) throw new Error("The function did not start");
  return child;
}

class Drill {
  private readonly dir = mkdtempSync(join(tmpdir(), "drill-"));
  private readonly postgres = new Postgres(join(this.dir, "postgres"));
  private balancer?: Balancer;
  private fleet?: Fleet;
  private moto?: Moto;
  private lambda?: ChildProcess;
  private visitors?: Visitors;
  private tab?: Tab | undefined;

  constructor(
    private readonly releases: Readonly<Record<"v1" | "v2", string>>,
    private readonly numbers: Numbers,
    private readonly rules: readonly string[],
    private readonly publishes: boolean,
    private readonly rate: number,
    private readonly say: SkewOptions["say"],
  ) {}

  async start(moto: Moto): Promise<void> {
    this.moto = moto;
    await this.postgres.start();
    await this.postgres.migrate(join(APP, "prisma", "migrations"));
    await this.s3.send(
      new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }),
    );
    const cert = await makeCertificate(this.dir);
    const both = join(cert, "both.pem");
    const texts = ["fullchain.pem", "privkey.pem"].map((name) => readFileSync(join(cert, name), "utf8"));
    writeFileSync(both, texts.join(""));
    const slots = Array.from({ length: this.numbers.count * 2 }, (_, index) => `t${index + 1}`);
    const functionPort = await freePort();
    const front = { certificate: both, functionPort, rules: this.rules };
    this.balancer = new Balancer(this.dir, this.numbers, slots, true, { PATH: process.env.PATH }, front);
    await this.balancer.start();
    const origin = `https://127.0.0.1:${this.balancer.port}`;
    this.lambda = await startFunction(functionPort, origin, moto.endpoint, join(cert, "fullchain.pem"));
    this.fleet = new Fleet(this.balancer, this.numbers, { DATABASE_URL: this.postgres.url });
    await this.publish("v1");
    this.fleet.backends = await this.fleet.fresh(this.releases.v1, "v1");
  }

  async stop(): Promise<void> {
    await this.visitors?.stop();
    await this.tab?.close();
    this.fleet?.kill();
    if (this.lambda) await endGroup(this.lambda);
    await this.balancer?.stop();
    this.moto?.stop();
    await this.postgres.stop("immediate").catch(() => {});
    rmSync(this.dir, { recursive: true, force: true });
  }

  private get s3(): S3Client {
    const credentials = { accessKeyId: "drill", secretAccessKey: "drill" };
    return new S3Client({ region: REGION, endpoint: this.moto?.endpoint ?? "", forcePathStyle: true, credentials });
  }

  /** What `platform release` does before the update. */
  private async publish(version: "v1" | "v2"): Promise<void> {
    if (this.publishes) await keepFiles(this.s3, BUCKET, join(this.releases[version], ".next", "static"));
  }

  /** One rolling deployment under load: new processes beside the old ones, which leave when the new ones are healthy. */
  async roll(part: string, from: "v1" | "v2", to: "v1" | "v2"): Promise<SkewRow> {
    const { balancer, fleet } = this;
    if (!balancer || !fleet) throw new Error("The drill was not started");
    this.say(`${part}: ${this.rate} requests a second`);
    await this.publish(to);
    this.tab = await Tab.open(balancer.port);
    this.visitors = new Visitors({
      port: balancer.port,
      servername: DOMAIN,
      caFile: join(this.dir, "cert", "fullchain.pem"),
      rate: this.rate,
      timeout: PATIENCE,
    });
    const began = Date.now();
    await sleep(3_000);
    const old = fleet.backends;
    const fresh = await fleet.fresh(this.releases[to], to);
    fleet.backends = [...old, ...fresh];
    // Both serve for a while, as between two steps of a deployment.
    await sleep(10_000);
    await Promise.all(old.map((backend) => fleet.leave(backend)));
    fleet.backends = fresh;
    this.visitors.oldAreGone();
    const tab = await this.tab?.loadsMore();
    await this.tab?.close();
    await sleep(3_000);
    const loads = await this.visitors.stop();
    const row = rowOf(part, { from, to }, { loads, tab, seconds: (Date.now() - began) / 1000 });
    const verdict = row.problems.length === 0 ? "ok" : `FAILED: ${row.problems.join("; ")}`;
    this.say(
      `  ${row.missed} of ${row.loads} page loads missed a file, ${row.lost} of ${row.requests} requests lost: ${verdict}`,
    );
    return row;
  }
}

class Visitors extends Client<PageLoad> {
  constructor(plan: object) {
    super("visitor.ts", plan);
  }

  /** The lazy ones go on. */
  oldAreGone(): void {
    this.signal("SIGUSR2");
  }

  override async stop(): Promise<readonly PageLoad[]> {
    // Also when the drill fails on its way: who waits would wait for ever.
    this.oldAreGone();
    return super.stop();
  }
}

/** What visitors met in a part. */
interface Met {
  readonly loads: readonly PageLoad[];
  /** Whether a page that was open in a browser all the time loaded the rest of itself at the end; undefined without a browser. */
  readonly tab: boolean | undefined;
  readonly seconds: number;
}

function rowOf(part: string, versions: { from: string; to: string }, { loads, tab, seconds }: Met): SkewRow {
  const missed = (some: readonly PageLoad[]) => some.filter(({ missing }) => missing.length > 0).length;
  const kinds = KINDS.map((kind) => {
    const of = loads.filter((load) => load.kind === kind);
    return { kind, loads: of.length, missed: missed(of) };
  });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const requests = sum(loads.map((load) => load.requests));
  const lost = loads.flatMap((load) => load.lost);
  const times = loads.flatMap(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  const problems: string[] = [];
  if (missed(loads) > 0) problems.push(`${missed(loads)} page loads missed a built file`);
  if (lost.length > 0) problems.push(`${lost.length} requests were lost: ${[...new Set(lost)].slice(0, 5).join(", ")}`);
  if (tab === false) problems.push("a page that was open in a browser could not load the rest of itself");
  if (loads.length < LEAST) problems.push(`only ${loads.length} page loads: the machine is too busy to tell`);
  for (const version of Object.values(versions)) {
    const seen = loads.filter((load) => load.version === version && load.kind !== "comes from a cached page");
    if (seen.length === 0) problems.push(`nobody saw a page of ${version}`);
  }
  return {
    part: `${part} (${versions.from} to ${versions.to})`,
    loads: loads.length,
    missed: missed(loads),
    requests,
    lost: lost.length,
    rate: Math.round(requests / seconds),
    kinds,
    browser: tab === undefined ? "none" : tab ? "yes" : "no",
    p50: at(0.5),
    p95: at(0.95),
    problems,
  };
}
