#!/usr/bin/env node
import { register as registerCjs } from "tsx/cjs/api";
// The command line is TypeScript; tsx is registered here, so that `platform` needs no build step and no flag.
import { register } from "tsx/esm/api";

register();
registerCjs();
await import("./main.ts");
