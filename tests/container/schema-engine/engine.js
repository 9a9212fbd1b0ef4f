// Speaks the protocol of Prisma's native schema engine (JSON-RPC, one message a line) and runs Prisma's own WebAssembly build of it.
// esbuild makes one file of it; VERSION and LIBSSL are filled in for the binary that was asked for (mirror.ts).
import { existsSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as glue from "@prisma/schema-engine-wasm/schema_engine_bg";
import wasm from "schema-engine.wasm";

// The native engine is linked against one version of libssl, and the loader ends it where that is missing.
const found = ["/usr/lib", "/lib", ...readdirSync("/usr/lib").map((name) => `/usr/lib/${name}`)];
if (!found.some((folder) => existsSync(`${folder}/${LIBSSL}`))) {
  console.error(`schema-engine: error while loading shared libraries: ${LIBSSL}: cannot open shared object file`);
  process.exit(127);
}

async function main() {
  const args = process.argv.slice(2);
  if (args.includes("--version")) {
    console.log(`schema-engine-cli ${VERSION}`);
    process.exit(0);
  }

  const { url } = JSON.parse(args[args.indexOf("--datasource") + 1]);
  const target = new URL(url);
  // `require` encrypts and accepts any certificate, as the native engine does unless `sslaccept=strict` is said.
  const encrypted = target.searchParams.get("sslmode") !== "disable";
  for (const key of ["sslmode", "sslrootcert"]) target.searchParams.delete(key);
  const ssl = encrypted && { rejectUnauthorized: false };
  const driver = new PrismaPg({ connectionString: target.href, ssl, max: 1 });

  const { instance } = await WebAssembly.instantiate(wasm, { "./schema_engine_bg.js": glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();

  const command = args[args.indexOf("cli") + 1];
  if (args.includes("cli")) {
    try {
      if (command !== "can-connect-to-database") throw new Error(`the stand-in cannot ${command}`);
      const adapter = await driver.connect();
      await adapter.queryRaw({ sql: "SELECT 1", args: [], argTypes: [] });
      process.exit(0);
    } catch (error) {
      const fields = { message: JSON.stringify(error.cause ?? error.message), error_code: "P1001" };
      console.error(`\n${JSON.stringify({ level: "ERROR", target: "schema_engine::logger", fields })}`);
      process.exit(1);
    }
  }

  const engine = await glue.SchemaEngine.new(
    { datamodels: undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(driver),
  );
  for await (const line of createInterface({ input: process.stdin })) {
    const { id, method, params } = JSON.parse(line);
    let reply;
    try {
      reply = { result: (await engine[method](params)) ?? {} };
    } catch (error) {
      reply = {
        error: { code: -32000, message: error.message, data: { message: error.message, error_code: error.code } },
      };
    }
    console.log(JSON.stringify({ jsonrpc: "2.0", id, ...reply }));
  }
  process.exit(0);
}

void main();
