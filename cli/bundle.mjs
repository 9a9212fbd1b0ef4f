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
/** ECMAScript modules, which Node 22 before 22.12 cannot require. */
const MODULES = /^(@clack\/prompts|ora|preact|preact-render-to-string)(\/|$)/;
/** A compiler and a package manager, which the SDK loads for uploading the code of functions: no plan does. */
const SELDOM = /^(typescript|@npmcli\/arborist)$/;
/** Names of files that an import can mean without their ending. */
const IMPLIED = /\.([jt]sx?|css|json)$/;
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
 * Runs a program of this project. Of a file that does not compile esbuild tells, and the exit code is 1.
 *
 * @param {string} entry its file
 */
export async function run(entry) {
  const scripts = await scriptsOf(entry).catch((error) => {
    if (!error.errors) throw error;
    process.exitCode = 1;
  });
  if (!scripts) return;
  const { own, packages, packed } = scripts;
  const shared = packages.run(fromRoot);
  own.run(Object.assign((path) => (packed.has(path) ? shared[path] : fromRoot(path)), fromRoot));
}

async function scriptsOf(entry) {
  const name = basename(entry, ".ts");
  const own = await script(name, [entry], {
    entryPoints: [entry],
    packages: "external",
    supported: { "dynamic-import": false },
  });
  const packed = own.packages.filter((path) => COMMON.test(path) || MODULES.test(path)).sort();
  const packages = await script(`${name}.packages`, packed, {
    stdin: { contents: index(packed), resolveDir: root },
    plugins: [whenUsed],
  });
  return { own, packages, packed: new Set(packed) };
}

const index = (paths) => `module.exports = {${paths.map(getter).join(",\n")}};`;
const getter = (path) => `get ${JSON.stringify(path)}() { return require(${JSON.stringify(path)}); }`;

const whenUsed = {
  name: "when used",
  setup(build) {
    build.onResolve({ filter: SELDOM }, ({ path, namespace }) =>
      namespace === "seldom" ? { path, external: true } : { path, namespace: "seldom" },
    );
    build.onLoad({ filter: /.*/, namespace: "seldom" }, ({ path }) => ({
      contents: `module.exports = ${stub(path)};`,
    }));
  },
};
/** The question for __esModule, whether to wrap it, is asked of every import. */
const stub = (path) =>
  `new Proxy({}, { get: (_, part) => (part === "__esModule" ? true : require(${JSON.stringify(path)})[part]) })`;

/** A script as it is kept, made anew if anything that it was made of has changed, with the packages that it asks for. */
async function script(name, asked, options) {
  const key = keyOf(asked);
  let found = parsed(ifAllowed(() => readFileSync(join(kept, `${name}.json`), "utf8")));
  let source = isTrue(found, key) ? ifAllowed(() => readFileSync(join(kept, found.script), "latin1")) : undefined;
  if (source === undefined) [source, found] = await make(name, key, options);
  return { packages: found.packages, run: (require) => evaluate(source, join(kept, found.script), require) };
}

/** What decides beside the files, and how packages are found. */
const keyOf = (asked) =>
  [
    process.version,
    process.arch,
    ...["package.json", "node_modules/.package-lock.json", "tsconfig.json", "cli/bundle.mjs"].map(stamp),
    ...asked,
  ].join(" ");

const isTrue = (found, key) => found?.key === key && still(found.files, stamp) && still(found.folders, names);
const still = (known, state) => Object.entries(known).every(([path, then]) => state(path) === then);

const stat = (path) => statSync(join(root, path), { throwIfNoEntry: false });
/** The time is that of the inode's change, which a move or a checkout of something older sets too. */
function stamp(file) {
  const found = stat(file);
  return found ? `${found.ctimeMs}:${found.size}` : "";
}
/** A file that comes into a folder may be what an import of another means from then on. */
const names = (folder) =>
  stat(folder)
    ? readdirSync(join(root, folder))
        .filter((name) => IMPLIED.test(name))
        .join(" ")
    : "";

async function make(name, key, options) {
  const { build } = await import("esbuild");
  if (options.stdin) process.stderr.write("Preparing the command line ...\n");
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
  // What has changed since the start may have been read before: this script is for one run. A time to come is a clock's, no change's.
  const now = Date.now();
  const states = (paths, state) =>
    Object.fromEntries(
      paths.map((path) => {
        const { ctimeMs } = stat(path) ?? { ctimeMs: now };
        return [path, ctimeMs >= started && ctimeMs <= now ? "changed" : state(path)];
      }),
    );
  const found = {
    key,
    script: `${name}.${createHash("sha256").update(source).digest("hex").slice(0, 16)}.cjs`,
    packages: [
      ...new Set(imports.filter(({ external, path }) => external && !path.startsWith("node:")).map(({ path }) => path)),
    ],
    files: states(files, stamp),
    folders: states([...new Set(files.flatMap(foldersOf))], names),
  };
  ifAllowed(() => {
    mkdirSync(kept, { recursive: true });
    write(join(kept, found.script), source);
    write(join(kept, `${name}.json`), JSON.stringify(found));
    for (const file of readdirSync(kept))
      if (file.startsWith(`${name}.`) && isLeft(file.slice(name.length + 1)) && !file.startsWith(found.script))
        rmSync(join(kept, file), { force: true });
  });
  return [source, found];
}

/** Folders of a file of ours: an index is found from the one above, where a file of the folder's name would win. */
function foldersOf(file) {
  if (file.includes("node_modules/")) return [];
  const folder = dirname(file);
  return basename(file).startsWith("index.") ? [folder, dirname(folder)] : [folder];
}

/** Whether a name is that of a script, or of a part of one whose process is gone. */
function isLeft(name) {
  const [script, id] = /^[0-9a-f]{16}\.cjs(?:\.v8)?(?:\.(\d+))?$/.exec(name) ?? [];
  return script !== undefined && !(id && lives(Number(id)));
}

function lives(id) {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function evaluate(source, filename, require) {
  const cachedData = ifAllowed(() => readFileSync(`${filename}.v8`));
  const script = new vm.Script(source, { filename, ...(cachedData && { cachedData }) });
  if (!cachedData || script.cachedDataRejected) {
    // At the end, when V8 has compiled what a command uses.
    process.once("exit", () => ifAllowed(() => write(`${filename}.v8`, script.createCachedData())));
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, join(root, "core"));
  return module.exports;
}

function parsed(text) {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined;
  }
}

/** Whole or not at all: several may run at once. */
function write(file, content) {
  const part = `${file}.${process.pid}`;
  try {
    writeFileSync(part, content);
    renameSync(part, file);
  } finally {
    rmSync(part, { force: true });
  }
}

/** What is done where scripts are kept. Where the system does not let, each run makes its own. */
function ifAllowed(act) {
  if (lent) return undefined;
  try {
    return act();
  } catch (error) {
    if (error.syscall === undefined) throw error;
    return undefined;
  }
}
