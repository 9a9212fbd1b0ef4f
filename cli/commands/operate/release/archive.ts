import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { UserError } from "../../../../core/errors";
import { bakedBy, differences } from "../../../../stacks/build-args";
import { publishAssets } from "./assets";
import { dockerBuild, mustBeSame } from "./docker-build";
import { serverActionsKey } from "./secrets";
import type { Release, ReleaseTools } from "./tools";

/** What a server of the stack's own is (settings refuse Graviton types for it): native modules are those of its platform. */
const SERVER = ["linux/amd64"] as const;

/**
 * The archive of a server's release on S3, and its sum, which the server checks: the one of this name, or one that is built now, by the
 * Dockerfile, so that what is inside does not depend on the machine that releases.
 */
export async function publishArchive(what: Release, tools: ReleaseTools): Promise<{ url: string; sha256: string }> {
  const { bucket, project, settings, stack, version, promoteFrom } = what;
  if (!bucket) {
    throw new UserError(
      "A server's release is an archive on S3: name its bucket with --bucket, or once: pulumi config " +
        `set --stack ${stack} --path ${project}:ci.releaseBucket <bucket>`,
    );
  }
  const name = `${project}-${stack}-${version}.tar.gz`;
  const url = `s3://${bucket}/${name}`;
  const key = await serverActionsKey(what, tools);
  const baked = bakedBy(settings.app, SERVER, key);
  const there = await tools.archives.find(bucket, name);
  if (there) {
    mustBeSame(`The archive ${url}`, differences(there.baked, baked));
    tools.say(`The archive ${url} is there already: nothing is built.`);
    return { url, sha256: there.sha256 };
  }
  if (promoteFrom) {
    tools.say(`A server's archive is not promoted, an image is: ${stack} builds its own from the same commit.`);
  }
  const scratch = mkdtempSync(join(tmpdir(), "platform-release-"));
  try {
    const [plain, packed] = [join(scratch, "site.tar"), join(scratch, "site.tar.gz")];
    const further = ["--target", "archive", "--output", `type=tar,dest=${plain}`];
    await dockerBuild(what, { platforms: SERVER, baked, key, further }, tools);
    const sha256 = await pack(plain, packed);
    // From the artifact itself, and before it has its name: what has one is never built again.
    const site = mkdtempSync(join(scratch, "site-"));
    await tools.exec("tar", ["--extract", "--file", plain, "--directory", site]);
    await publishAssets(stack, tools, { folder: join(site, ".next/static") });
    await tools.archives.put(bucket, name, packed, { sha256, baked });
    return { url, sha256 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Compresses a file; returns the SHA-256 of the result in hex. */
async function pack(from: string, to: string): Promise<string> {
  const hash = createHash("sha256");
  const tap = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(createReadStream(from), createGzip(), tap, createWriteStream(to));
  return hash.digest("hex");
}
