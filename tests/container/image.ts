import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILD_SECRET } from "../../stacks/build-args";
import { baseImage } from "./base-image";
import { APP, attempt, baseOf, type Ran, run, step } from "./tools";

/** How a release is built: the Dockerfile's own line in app/README.md. */
export interface Build {
  /** What the image is called. */
  readonly tag: string;
  readonly version: string;
  /** Value of the build's secret. */
  readonly key: string;
  /** Id under which the secret is handed over. @default the one that `platform release` and the program use */
  readonly secret?: string;
  /** Another Dockerfile than the app's. */
  readonly dockerfile?: string;
  /** Stop at this stage. */
  readonly target?: string;
}

/** Builds the app's real Dockerfile. Layers are kept, so that only what changed is built again. */
export async function buildImage(build: Build): Promise<Ran> {
  const dockerfile = build.dockerfile ?? join(APP, "Dockerfile");
  const { node, image } = baseOf(dockerfile);
  await baseImage(image, node);
  const folder = mkdtempSync(join(tmpdir(), "build-"));
  try {
    const key = join(folder, "key");
    writeFileSync(key, build.key, { mode: 0o600 });
    return await step(`building ${build.target ?? "the image"}`, async () =>
      attempt("buildah", [
        ...["--runtime", "runc", "bud", "--network", "host", "--layers", "--pull-never", "--format", "docker"],
        ...["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096"],
        ...(await packages(folder)),
        ...["--secret", `id=${build.secret ?? BUILD_SECRET},src=${key}`],
        ...["--build-arg", `SITE_VERSION=${build.version}`],
        ...(build.target ? ["--target", build.target] : []),
        ...["--file", dockerfile, "--tag", build.tag, APP],
      ]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * What the machine says about where npm gets its packages, as files beside the build, so that nothing of it stays in an image.
 * apt's way is in the base image.
 */
async function packages(folder: string): Promise<string[]> {
  const [user, global, cafile] = await Promise.all(
    ["userconfig", "globalconfig", "cafile"].map((key) => run("npm", ["config", "get", key])),
  );
  const own = [global, user]
    .flatMap((file) => (file && existsSync(file) ? readFileSync(file, "utf8").split("\n") : []))
    // Paths of this machine mean nothing in a container.
    .filter((line) => !/^\s*(cafile|nodedir|prefix|cache)\s*=/.test(line));
  const mounts = join(folder, "mounts");
  mkdirSync(mounts);
  const authorities = cafile && existsSync(cafile) ? cafile : undefined;
  if (authorities) own.push("cafile=/run/authorities.pem");
  writeFileSync(join(mounts, "npmrc"), `${own.join("\n")}\n`, { mode: 0o600 });
  return [
    ...["--volume", `${join(mounts, "npmrc")}:/root/.npmrc:ro`],
    ...(authorities ? ["--volume", `${authorities}:/run/authorities.pem:ro`] : []),
  ];
}
