import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { ROOT } from "../../core/root";
import { readOnce } from "../../core/yaml";

/** Folder of the documents and of the files that they insert. */
const RUNBOOKS = join(ROOT, "runbooks");

/** The limit of Systems Manager for a document, in bytes. */
const DOCUMENT_LIMIT = 64 * 1024;

/**
 * A Systems Manager document of `runbooks/` as it is deployed: in each place where the file says `{file: name}` stands the text
 * of that file (its lines, inside a list), so that a script exists once, and runs and is tested by itself.
 *
 * @param name file name in `runbooks/`, for example `recover.automation.yaml`
 * @param defaults default values of the document's parameters: what differs between stacks
 * @returns YAML for a document with `documentFormat: "YAML"`
 * @throws Error when a default names no parameter, an inserted file holds `{{` (Systems Manager would replace it), or the
 * document is larger than 64 KB
 */
export function renderRunbook(name: string, defaults: Readonly<Record<string, string>> = {}): string {
  const document = insertFiles(readOnce(readRunbook(name))) as Document;
  for (const [parameter, value] of Object.entries(defaults)) {
    const declared = document.parameters[parameter];
    if (!declared) {
      throw new Error(
        `${name} has no parameter ${parameter}. It has: ${Object.keys(document.parameters).sort().join(", ")}.`,
      );
    }
    declared.default = value;
  }
  const text = stringify(document, { aliasDuplicateObjects: false, lineWidth: 0 });
  if (Buffer.byteLength(text) > DOCUMENT_LIMIT) {
    throw new Error(`${name} has ${Buffer.byteLength(text)} bytes; Systems Manager takes ${DOCUMENT_LIMIT}.`);
  }
  return text;
}

/** The text of a file in `runbooks/`. */
export function readRunbook(name: string): string {
  return readFileSync(join(RUNBOOKS, name), "utf8");
}

interface Document {
  parameters: Record<string, { default?: string }>;
}

function insertFiles(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((item) =>
      isMarker(item) ? insertedText(item.file).trimEnd().split("\n") : [insertFiles(item)],
    );
  }
  if (isMarker(value)) return insertedText(value.file);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, insertFiles(item)]));
}

function isMarker(value: unknown): value is { file: string } {
  return typeof value === "object" && value !== null && Object.keys(value).join() === "file";
}

function insertedText(name: string): string {
  const text = readRunbook(name);
  if (text.includes("{{")) throw new Error(`runbooks/${name} holds "{{", which Systems Manager takes for a parameter.`);
  return text;
}
