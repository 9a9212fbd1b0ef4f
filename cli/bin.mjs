#!/usr/bin/env node
// The command line is TypeScript; tsx is registered here, so that `platform` needs no build step and no flag.
import Module from "node:module";
import { register as registerCjs } from "tsx/cjs/api";
import { register } from "tsx/esm/api";

const plain = Module._extensions[".js"];
register();
registerCjs();
// Measured: without these three a plan takes a third longer. The SDK captures thousands of stacks, each of which would be mapped to
// its source; its thousand files are CommonJS, which tsx would read for nothing; newer versions of Node keep what they compiled.
process.setSourceMapsEnabled(false);
const translated = Module._extensions[".js"];
const asItIs = /[\\/]node_modules[\\/](@pulumi|@grpc|google-protobuf|typescript|yaml)[\\/]/;
Module._extensions[".js"] = (module, file) => (asItIs.test(file) ? plain : translated)(module, file);
Module.enableCompileCache?.();

await import("./main.ts");
