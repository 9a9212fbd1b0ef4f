// The command line is TypeScript; tsx is registered here, so that `platform` needs no build step and no flag. Also for
// `node --import ./cli/loader.mjs FILE.ts`.
import Module from "node:module";
import { register as registerCjs } from "tsx/cjs/api";
import { register } from "tsx/esm/api";

const plain = { load: Module._extensions[".js"], resolve: Module._resolveFilename };
register();
registerCjs();
const translated = { load: Module._extensions[".js"], resolve: Module._resolveFilename };

// Measured: without the following a plan takes half as long again. The SDK captures thousands of stacks, each of which would be
// mapped to its source; its thousand files are CommonJS, which tsx would read and resolve for nothing; it loads a compiler and a
// package manager for uploading the code of functions, which no plan does; newer versions of Node keep what they compiled.
process.setSourceMapsEnabled(false);
const asItIs = /[\\/]node_modules[\\/](@pulumi|@pulumiverse|@grpc|google-protobuf|typescript|yaml|zod)[\\/]/;
const seldom = /[\\/]node_modules[\\/](typescript[\\/]lib[\\/]typescript|@npmcli[\\/]arborist[\\/]lib[\\/]index)\.js$/;
Module._resolveFilename = (request, parent, ...rest) =>
  (asItIs.test(parent?.filename) ? plain : translated).resolve(request, parent, ...rest);
Module._extensions[".js"] = (module, file) => {
  const load = () => (asItIs.test(file) ? plain : translated).load(module, file);
  if (seldom.test(file)) module.exports = onFirstUse(module, load);
  else load();
};
Module.enableCompileCache?.();

/** Stands for what a module exports, which is loaded by the first who takes a part of it. */
function onFirstUse(module, load) {
  let loaded = false;
  const part = (_, name) => {
    // The question whether to wrap the module, which TypeScript's output asks of every import.
    if (name === "__esModule") return true;
    if (!loaded) {
      loaded = true;
      module.exports = {};
      load();
    }
    return module.exports[name];
  };
  return new Proxy({}, { get: part });
}
