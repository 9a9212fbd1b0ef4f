import { readFileSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Document, isMap, parseDocument } from "yaml";
import { UserError } from "../../../../core/errors";
import type { Position } from "./steps";

/** The stack's file as a place where the position of a migration stands. Everything else in it is left as it was written. */
export class StackEdit {
  private readonly path: string;
  private known: string;

  /**
   * @param project namespace of the keys
   * @throws {UserError} if the file is not YAML
   */
  constructor(
    folder: string,
    stack: string,
    private readonly project: string,
  ) {
    const path = join(folder, `Pulumi.${stack}.yaml`);
    this.path = realpathSync(path);
    this.known = readFileSync(this.path, "utf8");
  }

  /**
   * Writes a position, comments kept, and all else that somebody has changed meanwhile: a release names its version here.
   * @throws {UserError} if somebody else has changed the position since it was read
   */
  write(position: Position): void {
    const found = readFileSync(this.path, "utf8");
    if (found !== this.known && this.placeIn(found) !== this.placeIn(this.known)) {
      throw new UserError(
        `The architecture or the traffic in ${basename(this.path)} was changed by somebody else while the migration ran. ` +
          "Look at it, then run `platform migrate` again, which goes on from what it says.",
      );
    }
    this.known = found;
    const document = this.document(this.known);
    if (!isMap(document.get("config"))) document.set("config", document.createNode({}));
    const config = (document.toJS() as { config: Record<string, unknown> }).config;
    document.setIn(["config", this.key(config, "architecture")], position.architecture);
    const traffic = this.key(config, "traffic");
    if (!isMap(document.getIn(["config", traffic]))) document.setIn(["config", traffic], document.createNode({}));
    const fields = {
      canary: position.canary,
      // Nothing to say while there is no canary.
      percent: position.canary ? position.percent : undefined,
      from: position.from,
      revision: position.revision,
    };
    for (const [key, value] of Object.entries(fields)) {
      if (value === undefined) document.deleteIn(["config", traffic, key]);
      else document.setIn(["config", traffic, key], value);
    }
    // Brackets as the file has them, lines as long as they are.
    this.replace(document.toString({ lineWidth: 0, flowCollectionPadding: /[[{] \S/.test(this.known) }));
  }

  /** The position in a text, to compare it. */
  private placeIn(text: string): string {
    const config = (this.document(text).toJS() as { config?: Record<string, unknown> } | null)?.config ?? {};
    return JSON.stringify(["architecture", "traffic"].map((name) => config[this.key(config, name)] ?? null));
  }

  /** At once or not at all: a run that is killed here leaves the old file or the new one. */
  private replace(text: string): void {
    const beside = join(dirname(this.path), `.${basename(this.path)}.${process.pid}`);
    writeFileSync(beside, text, { mode: statSync(this.path).mode });
    renameSync(beside, this.path);
    this.known = text;
  }

  private document(text: string): Document {
    const document = parseDocument(text);
    if (document.errors.length > 0) throw new UserError(`${this.path} cannot be read: ${document.errors[0]?.message}`);
    return document;
  }

  /** A key may be written without the project's name. */
  private key(config: Readonly<Record<string, unknown>>, name: string): string {
    return name in config ? name : `${this.project}:${name}`;
  }
}
