import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { run, step } from "./tools";

const SOURCE = join(__dirname, "schema-engine");
const PORT = 28117;
const sum = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");
const engineSum = sum(
  ["engine.js", "package-lock.json"].map((name) => readFileSync(join(SOURCE, name), "utf8")).join(),
);
/**
 * Where the base image looks for Prisma's engines: a fixed address, since the base is what all layers are made from, and the engine's
 * checksum, so that they are made again when it changes.
 */
export const MIRROR = `http://127.0.0.1:${PORT}/${engineSum.slice(0, 12)}`;

/**
 * Stands in for the server of Prisma's engines, which may be out of reach: the same paths and checksums, and for each platform an
 * engine that needs the libssl that the native one is linked against.
 */
export class EngineMirror {
  /** Paths that were asked for. */
  readonly asked: string[] = [];
  private readonly server = createServer((request, response) => {
    const path = request.url ?? "";
    this.asked.push(path);
    answer(path).then(
      (body) => response.writeHead(body ? 200 : 404).end(body),
      (error) => response.writeHead(500).end(String(error)),
    );
  });

  async start(): Promise<void> {
    if (!existsSync(join(SOURCE, "node_modules"))) {
      await step("installing the schema engine", () =>
        run("npm", ["ci", "--no-audit", "--no-fund", "--prefix", SOURCE]),
      );
    }
    await new Promise<void>((done, reject) => {
      this.server.once("error", reject);
      this.server.listen(PORT, "127.0.0.1", done);
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}

/** `/CHECKSUM/all_commits/VERSION/PLATFORM-openssl-1.1.x/schema-engine.gz`, and `.sha256` behind it or behind what is in it. */
async function answer(path: string): Promise<Buffer | string | undefined> {
  const [, version, libssl, rest] =
    /^\/\w+\/all_commits\/([\w.-]+)\/[\w-]*openssl-(\d)[\w.]*\/schema-engine(.*)$/.exec(path) ?? [];
  if (!version || !libssl) return undefined;
  const engine = await bundle(version, libssl === "3" ? "libssl.so.3" : "libssl.so.1.1");
  const zipped = gzipSync(engine);
  const line = (data: Buffer) => `${sum(data)}  schema-engine\n`;
  const files: Record<string, Buffer | string> = { ".gz": zipped, ".gz.sha256": line(zipped), ".sha256": line(engine) };
  return files[rest ?? ""];
}

async function bundle(version: string, libssl: string): Promise<Buffer> {
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, "engine.js")],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    // A file whose name ends in `.x` is for Node what its syntax says: no module.
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    define: { VERSION: JSON.stringify(version), LIBSSL: JSON.stringify(libssl) },
    loader: { ".wasm": "binary" },
    alias: { "schema-engine.wasm": join(SOURCE, "node_modules/@prisma/schema-engine-wasm/schema_engine_bg.wasm") },
  });
  return Buffer.from(outputFiles[0]?.contents ?? []);
}
