import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** What every function of this project runs on: the newest LTS of Node that Lambda has, on the cheaper of its two processors. */
export const lambdaRuntime = { runtime: "nodejs24.x", architectures: ["arm64"], handler: "index.handler" } as const;

/**
 * A function of `functions/` as one file of some tens of kilobytes, made by esbuild in as many milliseconds, so that a plan
 * need not wait for it nor a cache hold it. The AWS SDK is part of Lambda's runtime and stays outside.
 */
export function lambdaCode(folder: string): pulumi.asset.AssetArchive {
  return new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(bundle(folder)) });
}

const bundles = new Map<string, string>();

/** The text of the bundle, made once a process. */
export function bundle(folder: string): string {
  const made = bundles.get(folder) ?? build(folder);
  bundles.set(folder, made);
  return made;
}

function build(folder: string): string {
  // Loaded here, as most runs of the program that import this file build no function.
  const { buildSync } = require("esbuild") as typeof import("esbuild");
  const { outputFiles } = buildSync({
    entryPoints: [join(__dirname, "..", "functions", folder, "index.ts")],
    bundle: true,
    platform: "node",
    target: "node22",
    format: "cjs",
    external: ["@aws-sdk/*"],
    write: false,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
}
