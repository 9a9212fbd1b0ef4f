// The command line is TypeScript, and a plan loads a thousand files of the SDK. esbuild makes two scripts of them: our own code, and
// the packages that every plan needs. Both are kept, with the code that V8 compiled of them, beside the packages, which `npm ci` removes;
// whether they are still true is asked of every file that went into them. Measured: a plan takes half as long as by tsx.
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const kept = join(root, "node_modules", ".cache", "platform");
/** A folder that lends its packages from another keeps nothing among those. */
const lent = lstatSync(join(root, "node_modules"), { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
const fromRoot = createRequire(join(root, "package.json"));

/** What most commands load. Other packages are loaded from where they are by the command that asks for them. */
const COMMON =
  /^(@pulumi|@pulumiverse|google-protobuf|zod|yaml|commander|cli-table3|picocolors|fastest-levenshtein)(\/|$)/;
/** A compiler and a package manager, which the SDK loads for uploading the code of functions: no plan does. */
const SELDOM = /^(typescript|@npmcli\/arborist)$/;
const OPTIONS = {
  bundle: true,
  platform: "node",
  target: "node20.19",
  format: "cjs",
  metafile: true,
  write: false,
  logLevel: "error",
};

/**
 * Runs a program of this project.
 *
 * @param {string} entry its file
 * @throws Error as esbuild tells them, of a file that does not compile
 */
export async function run(entry) {
  const name = basename(entry, ".ts");
  const own = await script(name, () => ({
    entryPoints: [entry],
    packages: "external",
    supported: { "dynamic-import": false },
  }));
  const common = own.packages.filter((path) => COMMON.test(path)).sort();
  const packages = await script(
    `${name}.packages`,
    () => ({ stdin: { contents: index(common), resolveDir: root }, plugins: [whenUsed] }),
    common,
  );
  const shared = packages.run(fromRoot);
  const packed = new Set(common);
  own.run(Object.assign((path) => (packed.has(path) ? shared[path] : fromRoot(path)), fromRoot));
}

const index = (paths) =>
  `module.exports = {${paths.map((path) => `get ${JSON.stringify(path)}() { return require(${JSON.stringify(path)}); }`).join(",\n")}};`;

const whenUsed = {
  name: "when used",
  setup(build) {
    build.onResolve({ filter: SELDOM }, ({ path, namespace }) =>
      namespace === "seldom" ? { path, external: true } : { path, namespace: "seldom" },
    );
    build.onLoad({ filter: /.*/, namespace: "seldom" }, ({ path }) => ({
      // The question for __esModule, whether to wrap it, is asked of every import.
      contents: `module.exports = new Proxy({}, { get: (_, part) => (part === "__esModule" ? true : require(${JSON.stringify(path)})[part]) });`,
    }));
  },
};

/** A script as it is kept, made anew if any of its files has changed, with the packages that it asks for. */
async function script(name, options, wanted = []) {
  const about = join(kept, `${name}.json`);
  let found = JSON.parse(readIfThere(about, "utf8") ?? "{}");
  let source =
    found.key === key(wanted) && same(found.files) ? readIfThere(join(kept, found.script), "latin1") : undefined;
  if (source === undefined) [source, found] = await make(name, options(), wanted);
  return { packages: found.packages, run: (require) => evaluate(source, join(kept, found.script), require) };
}

/** What decides beside the files, and how packages are found. */
const key = (wanted) =>
  [
    process.version,
    process.arch,
    stamp("package.json"),
    stamp("tsconfig.json"),
    stamp("cli/bundle.mjs"),
    ...wanted,
  ].join(" ");

const stamp = (file) => {
  const found = statSync(join(root, file), { throwIfNoEntry: false });
  return found ? `${found.mtimeMs}:${found.size}` : "";
};
const same = (files) => Object.entries(files).every(([file, known]) => stamp(file) === known);

async function make(name, options, wanted) {
  const { build } = await import("esbuild");
  if (wanted.length > 0) process.stderr.write("Preparing the command line, once after each `npm ci` ...\n");
  // Files are stamped before they are read: a change meanwhile makes the script stale, not wrong.
  const started = Date.now();
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    absWorkingDir: root,
    outfile: "bundle.cjs",
    charset: "ascii",
    ...options,
  });
  const source = `(function (exports, require, module, __dirname) { ${outputFiles[0].text}\n})`;
  const files = Object.keys(metafile.inputs).filter((file) => !/^<|^seldom:/.test(file));
  const [{ imports }] = Object.values(metafile.outputs);
  const found = {
    key: key(wanted),
    script: `${name}.${createHash("sha256").update(source).digest("hex").slice(0, 16)}.cjs`,
    packages: [
      ...new Set(imports.filter(({ external, path }) => external && !path.startsWith("node:")).map(({ path }) => path)),
    ],
    files: Object.fromEntries(
      files.map((file) => [file, statSync(join(root, file)).mtimeMs < started ? stamp(file) : "changed"]),
    ),
  };
  keep(() => {
    mkdirSync(kept, { recursive: true });
    for (const file of readdirSync(kept))
      if (file.startsWith(`${name}.`) && /^\w+\.cjs/.test(file.slice(name.length + 1)))
        rmSync(join(kept, file), { force: true });
    write(join(kept, found.script), source);
    write(join(kept, `${name}.json`), JSON.stringify(found));
  });
  return [source, found];
}

function evaluate(source, filename, require) {
  const cachedData = readIfThere(`${filename}.v8`);
  const script = new vm.Script(source, { filename, ...(cachedData && { cachedData }) });
  if (!cachedData || script.cachedDataRejected) {
    // At the end, when V8 has compiled what a command uses.
    process.once("exit", () => keep(() => write(`${filename}.v8`, script.createCachedData())));
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, join(root, "core"));
  return module.exports;
}

function readIfThere(file, encoding) {
  if (lent) return undefined;
  try {
    return readFileSync(file, encoding);
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all: several may run at once. */
function write(file, content) {
  const part = `${file}.${process.pid}`;
  writeFileSync(part, content);
  renameSync(part, file);
}

/** Where nothing may be written, each run makes its own. */
function keep(act) {
  if (lent) return;
  try {
    act();
  } catch (error) {
    if (!["EACCES", "EPERM", "EROFS", "ENOSPC"].includes(error.code)) throw error;
  }
}
