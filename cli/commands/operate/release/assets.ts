import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { PREFIX } from "../../../../core/asset";
import { s3Store } from "../../../../functions/assets/store";
import type { ReleaseTools } from "./tools";

/** Where a release's built files are taken from. */
export type BuiltFiles =
  /** An image that was pushed, of these platforms: each was built by itself, so each may have names of its own. */
  | { readonly image: string; readonly platforms: string }
  /** A build on this machine. */
  | { readonly folder: string };

/** Where app/Dockerfile has them. */
const IN_IMAGE = "/app/.next/static";

/**
 * Keeps a release's built files in the stack's bucket before the release is rolled out, from where they are answered however many
 * releases later (components/traffic/asset-server.ts). They are taken from the artifact itself, so they are those of
 * the release, also where it was built elsewhere. A file that is there already is written anew, since its time in the
 * bucket counts from then.
 */
export async function publishAssets(
  stack: string,
  { exec, foundation, keepFiles, say }: Pick<ReleaseTools, "exec" | "foundation" | "keepFiles" | "say">,
  built: BuiltFiles,
): Promise<void> {
  const { assetBucket } = await foundation(stack);
  // A stack from before the bucket: it comes with this release's update, and the tiers are asked until the next.
  if (assetBucket === undefined) return;
  const keep = async (folder: string) => {
    if (existsSync(folder)) return keepFiles(assetBucket, folder);
    say(
      `No built files are kept: the release has none in ${IN_IMAGE}. Its tiers are asked for them as long as they run it.`,
    );
  };
  if ("folder" in built) return keep(built.folder);
  const scratch = mkdtempSync(join(tmpdir(), "platform-assets-"));
  try {
    // By a pattern, which an image without the folder fits too.
    const dockerfile = `FROM scratch\nCOPY --from=${built.image} ${IN_IMAGE.replace(/.$/, "[$&]")} /static\n`;
    await exec(
      "docker",
      ["buildx", "build", "--platform", built.platforms, "--output", `type=local,dest=${scratch}`, "-"],
      { input: dockerfile },
    );
    // Of several platforms each has a folder of its own.
    const folders = readdirSync(scratch).filter((name) => name !== "static");
    for (const folder of folders.length > 0 ? folders : ["."]) await keep(join(scratch, folder, "static"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Files that are written at once. */
const AT_ONCE = 16;

/** Writes what is in a folder `static` of a build into the bucket. */
export async function keepFiles(s3: S3Client, bucket: string, folder: string): Promise<void> {
  const store = s3Store(s3, bucket);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (let first = 0; first < files.length; first += AT_ONCE) {
    await Promise.all(
      files.slice(first, first + AT_ONCE).map((file) => {
        const key = PREFIX + relative(folder, file).split(sep).join("/");
        return store.write(key, readFileSync(file));
      }),
    );
  }
}
