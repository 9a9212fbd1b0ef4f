import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MIRROR } from "./mirror";
import { attempt, podman, run, say, step } from "./tools";

/** What a base image is made by: the first part counts up when the recipe below changes. */
const RECIPE = `3 ${MIRROR}`;
const LABEL = "base-recipe";

/**
 * Makes the image that the Dockerfile is built from, under the very name of its `FROM`, since a registry may be out of reach: Debian
 * by debootstrap (as small as the real one: no openssl, no certificates), Node from its npm package, npm, and the user `node`.
 */
export async function baseImage(image: string, node: string): Promise<void> {
  const found = await attempt("podman", ["image", "inspect", "--format", `{{index .Labels "${LABEL}"}}`, image]);
  if (found.code === 0 && found.stdout.trim() === RECIPE) return;
  const folder = mkdtempSync(join(tmpdir(), "base-"));
  const root = join(folder, "root");
  try {
    say(`making ${image} once; it takes two minutes`);
    await step("Debian", async () => run("debootstrap", ["--variant=minbase", "bookworm", root, ...(await mirror())]));
    await step("Node and npm", () => addNode(folder, root, node));
    // npm, apt and the time of their files as the machine has them: what it takes to reach packages from here.
    if (existsSync("/etc/apt/apt.conf.d"))
      cpSync("/etc/apt/apt.conf.d", join(root, "etc/apt/apt.conf.d"), { recursive: true });
    await run("chroot", [root, "useradd", "--create-home", "--uid", "1000", "--shell", "/bin/bash", "node"]);
    await run("chroot", [root, "apt-get", "clean"]);
    rmSync(join(root, "var/lib/apt/lists"), { recursive: true, force: true });
    const changes = [`LABEL ${LABEL}="${RECIPE}"`, `ENV PRISMA_ENGINES_MIRROR=${MIRROR}`].flatMap((one) => [
      "--change",
      one,
    ]);
    await step("import", async () => {
      await run("tar", ["--create", "--file", join(folder, "root.tar"), "--directory", root, "."]);
      await podman("import", ...changes, join(folder, "root.tar"), image);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where this machine gets Debian from, if it runs this release of it; else debootstrap's own default. */
async function mirror(): Promise<string[]> {
  const { stdout } = await attempt("apt-get", ["indextargets", "--format", "$(CODENAME) $(REPO_URI)"]);
  return stdout
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([name]) => name === "bookworm")
    .map(([, uri]) => uri as string)
    .slice(0, 1);
}

async function addNode(folder: string, root: string, version: string): Promise<void> {
  const arch = process.arch === "arm64" ? "arm64" : "x64";
  const npm = await run("npm", ["--version"]);
  const local = join(root, "usr/local");
  for (const [name, target] of [
    [`node-linux-${arch}@${version}`, join(folder, "node")],
    [`npm@${npm}`, join(local, "lib/node_modules/npm")],
  ] as const) {
    const packed = mkdtempSync(join(folder, "pack-"));
    await run("npm", ["pack", "--silent", "--pack-destination", packed, name]);
    mkdirSync(target, { recursive: true });
    const file = join(packed, readdirSync(packed)[0] as string);
    await run("tar", ["--extract", "--strip-components=1", "--no-same-owner", "--file", file, "--directory", target]);
  }
  cpSync(join(folder, "node/bin/node"), join(local, "bin/node"));
  chmodSync(join(local, "bin/node"), 0o755);
  for (const name of ["npm", "npx"])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name));
}
