import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { TOO_LARGE } from "./too-large";

const ROOT = join(__dirname, "../../..");
const LIMITS = { file: 400, function: 80, line: 140, folder: 20 };

/** Files of the project's own code, as git knows them: what is written elsewhere (lock files, schemas, recorded answers) has no say. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));
const code = files.filter((file) => /\.(ts|tsx|mjs|cjs|sh|py)$/.test(file));

/** Every function but the callbacks of `describe`, which are chapters of a test. */
function functionsIn(file: string, text: string): (readonly [name: string, lines: number])[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: (readonly [string, number])[] = [];
  const line = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    const { parent } = node;
    const chapter = parent && ts.isCallExpression(parent) && /^describe\b/.test(parent.expression.getText(source));
    if (ts.isFunctionLike(node) && "body" in node && node.body && !chapter) {
      const name = node.name ?? (parent && ts.isVariableDeclaration(parent) ? parent.name : undefined);
      const title = name?.getText(source) ?? (ts.isConstructorDeclaration(node) ? "constructor" : "=>");
      found.push([title, line(node.getEnd()) - line(node.getStart(source)) + 1]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What exceeds a limit, as `limit: where`, with how much it is. */
function excesses(): Map<string, number> {
  const found = new Map<string, number>();
  const note = (limit: keyof typeof LIMITS, where: string, size: number) => {
    if (size > LIMITS[limit]) found.set(`${limit}: ${where}`, Math.max(size, found.get(`${limit}: ${where}`) ?? 0));
  };
  for (const file of code) {
    const text = readFileSync(join(ROOT, file), "utf8");
    const lines = text.trimEnd().split("\n");
    note("file", file, lines.length);
    note("line", file, Math.max(...lines.map((line) => line.length)));
    if (/\.[mc]?[jt]sx?$/.test(file))
      for (const [name, size] of functionsIn(file, text)) note("function", `${file} ${name}`, size);
  }
  const folders = new Map<string, number>();
  for (const file of files) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  for (const [folder, size] of folders) note("folder", folder, size);
  return found;
}

describe("sizes", () => {
  const found = excesses();

  it("keep to 400 lines a file, 80 a function, 140 characters a line and 20 files a folder", () => {
    const more = [...found].filter(([where, size]) => size > (TOO_LARGE[where] ?? 0));
    assert.deepEqual(more, [], "split what has more than one subject");
  });

  it("have no exception that is not needed any more", () => {
    const stale = Object.entries(TOO_LARGE).filter(([where, size]) => (found.get(where) ?? 0) < size);
    assert.deepEqual(stale, [], "lower or remove it in tests/unit/house/too-large.ts");
  });
});

describe("names of files", () => {
  it("are one of a kind in production rooms, so that a name says which file is meant", () => {
    const rooms = /^(core|output|components|functions|insight|stacks|policy|cli)\/.*\.tsx?$/;
    const all = files.filter((file) => rooms.test(file) && !/^index\./.test(basename(file)));
    const shared = all.filter((file) => all.some((other) => other !== file && basename(other) === basename(file)));
    assert.deepEqual(shared, []);
  });
});
