import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Exec } from "../../../../cli/commands/operate/release/tools";
import { releasedCommit } from "../../../../cli/commands/operate/release/vercel-release";
import { UserError } from "../../../../core/errors";
import type { Settings } from "../../../../stacks/settings/schema";

const run: Exec = async (program, args, { cwd } = {}) =>
  execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/** A clone of a repository at a Git host on this machine, by the real Git. */
class Clone {
  readonly root = mkdtempSync(join(tmpdir(), "platform-release-vercel-"));
  readonly folder = join(this.root, "clone");

  constructor() {
    const host = join(this.root, "acme", "Site.git");
    mkdirSync(host, { recursive: true });
    execFileSync("git", ["init", "--quiet", "--bare", host]);
    execFileSync("git", ["clone", "--quiet", host, this.folder], { stdio: "ignore" });
    mkdirSync(join(this.folder, "app"));
    this.write("app/page.tsx", "one");
    this.write("Pulumi.prod.yaml", "config: {}");
    this.commit();
    this.git("push", "--quiet", "origin", "HEAD:main");
  }

  git(...args: string[]): string {
    const own = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-C", this.folder];
    return execFileSync("git", [...own, ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  commit(): void {
    this.git("add", ".");
    this.git("commit", "--quiet", "--message", "change");
  }
}

const vercel = (change: Partial<Settings["vercel"]> = {}) =>
  ({ vercel: { repository: "acme/site", gitHost: "github", rootDirectory: "app", ...change } }) as Settings;

describe("the commit of a release on Vercel", () => {
  let clone: Clone;
  beforeEach(() => {
    clone = new Clone();
  });
  afterEach(() => rmSync(clone.root, { recursive: true, force: true }));
  const found = (change: Partial<Settings["vercel"]> = {}, folder = clone.folder) =>
    releasedCommit(vercel(change), folder, run);

  it("is HEAD, by its whole hash", async () => {
    const head = clone.git("rev-parse", "HEAD");
    assert.match(head, /^[0-9a-f]{40}$/);
    assert.equal(await found(), head);
  });

  it("is HEAD also where the branch has moved on since", async () => {
    const head = clone.git("rev-parse", "HEAD");
    clone.write("app/page.tsx", "two");
    clone.commit();
    clone.git("push", "--quiet", "origin", "HEAD:main");
    clone.git("checkout", "--quiet", head);
    assert.equal(await found(), head);
  });

  it("is none where the site comes built", async () => {
    assert.equal(await found({ prebuilt: "app" }), undefined);
  });

  it("is found at the host where nothing of it was fetched, as in the checkout of a tag", async () => {
    clone.git("tag", "v1");
    clone.git("push", "--quiet", "origin", "v1");
    clone.git("update-ref", "-d", "refs/remotes/origin/main");
    assert.equal(await found(), clone.git("rev-parse", "HEAD"));
  });

  it("does not mind a stack's file that a release before changed, nor files that Vercel does not build", async () => {
    clone.write("Pulumi.prod.yaml", "config: {a: b}");
    clone.write("notes.txt", "mine");
    assert.equal(await found(), clone.git("rev-parse", "HEAD"));
    await assert.rejects(found({ rootDirectory: "" }), /Not committed: notes\.txt\./);
  });

  it("is refused in one message that names everything in the way", async () => {
    clone.write("app/page.tsx", "two");
    clone.commit();
    clone.write("app/new.tsx", "three");
    await assert.rejects(found(), (error) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /from acme\/site at github/);
      assert.match(error.message, /Not committed: app\/new\.tsx\./);
      assert.match(error.message, /[0-9a-f]{12} is not pushed: git push origin HEAD/);
      assert.match(error.message, /Nothing was changed/);
      return true;
    });
  });

  it("is refused where this is no clone of what Vercel builds", async () => {
    await assert.rejects(found({ repository: "acme/other" }), /No remote of .* is acme\/other.*vercel\.repository/);
    const folder = mkdtempSync(join(tmpdir(), "platform-no-git-"));
    await assert.rejects(found({}, folder), /is no Git working tree/);
    rmSync(folder, { recursive: true });
  });
});
