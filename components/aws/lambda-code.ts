import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { ROOT } from "../../core/root";

/**
 * A function of `functions/` as one file of some tens of kilobytes, made by esbuild beside the program, which does not wait for it.
 * The AWS SDK is part of Lambda's runtime and stays outside.
 */
export function lambdaCode(folder: string): pulumi.asset.AssetArchive {
  return new pulumi.asset.AssetArchive(
    bundle(folder).then((text) => ({ "index.js": new pulumi.asset.StringAsset(text) })),
  );
}

const bundles = new Map<string, Promise<string>>();

/** The text of the bundle, made once a process. */
export function bundle(folder: string): Promise<string> {
  const made = bundles.get(folder) ?? build(folder);
  bundles.set(folder, made);
  return made;
}

async function build(folder: string): Promise<string> {
  // Loaded here, as most runs of the program that import this file build no function.
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(ROOT, "functions", folder, "index.ts")],
    bundle: true,
    platform: "node",
    // Older than Lambda's own: the suites run the bundle on the developer's Node.
    target: "node20",
    format: "cjs",
    external: ["@aws-sdk/*"],
    write: false,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
