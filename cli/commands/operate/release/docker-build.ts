import { join } from "node:path";
import { SERVER_ACTIONS_KEY } from "../../../../components/foundation/app-environment";
import { UserError } from "../../../../core/errors";
import { BAKED_LABEL, BUILD_SECRET, buildArgs } from "../../../../stacks/build-args";
import type { Release, ReleaseTools } from "./tools";

/** What is built: the app's Dockerfile, with the key of Server Actions as a secret of the build. */
export interface Build {
  readonly platforms: readonly string[];
  /** {@link bakedBy} of the stack. */
  readonly baked: Readonly<Record<string, string>>;
  readonly key: string;
  /** Stage, output and the like. */
  readonly further: readonly string[];
}

/** Runs the one Dockerfile that every release of the app is built by. */
export async function dockerBuild(
  { settings, folder, version }: Release,
  { platforms, baked, key, further }: Build,
  { exec }: ReleaseTools,
): Promise<void> {
  const named = { ...buildArgs(settings.app, version) };
  await exec(
    "docker",
    [
      ...["buildx", "build", "--platform", platforms.join(",")],
      ...Object.entries(named).flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
      ...["--secret", `id=${BUILD_SECRET},env=${SERVER_ACTIONS_KEY}`],
      ...["--label", `org.opencontainers.image.version=${version}`],
      ...["--label", `${BAKED_LABEL}=${JSON.stringify(baked)}`],
      ...further,
      join(folder, "app"),
    ],
    { env: { [SERVER_ACTIONS_KEY]: key } },
  );
}

/** @throws {UserError} where what carries the version's name was built with other values */
export function mustBeSame(what: string, differing: readonly string[]): void {
  if (differing.length === 0) return;
  throw new UserError(
    `${what} exists, and was built with other values: ${differing.join("; ")}. What has a name never ` +
      "changes: give the release another --release-version.",
  );
}
