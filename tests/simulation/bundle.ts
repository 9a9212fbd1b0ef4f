import { readFile } from "node:fs/promises";
import { Module } from "node:module";
import { dirname, join } from "node:path";
import { build } from "esbuild";

/**
 * The simulation and the site's whole program as one file in memory, packages apart. It is made and loaded in less time than its files one by
 * one, runs faster than what tsx makes of them, and loads nothing later: a program that was killed would go on behind such a load, in the
 * next update.
 */
export async function simulation(): Promise<typeof import("./program")> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, "program.ts")],
    bundle: true,
    platform: "node",
    target: `node${process.versions.node}`,
    format: "cjs",
    packages: "external",
    write: false,
    logLevel: "error",
    plugins: [
      {
        name: "each file's own folder",
        setup: ({ onLoad }) =>
          onLoad({ filter: /\/(components|stacks|policy|tests)\/.*\.ts$/ }, async ({ path }) => ({
            contents: (await readFile(path, "utf8")).replaceAll("__dirname", JSON.stringify(dirname(path))),
            loader: "ts",
          })),
      },
    ],
  });
  const file = join(__dirname, "program.bundle.cjs");
  const bundled = new Module(file) as Module & { _compile(code: string, file: string): void };
  bundled.filename = file;
  bundled.paths = (Module as unknown as { _nodeModulePaths(folder: string): string[] })._nodeModulePaths(__dirname);
  bundled._compile(outputFiles[0]?.text ?? "", file);
  return bundled.exports;
}
