#!/usr/bin/env node
import "./loader.mjs";

await import("./main.ts");
