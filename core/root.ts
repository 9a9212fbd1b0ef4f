import { join } from "node:path";

/** Folder of the project. Nothing else asks where its file lies: in the CLI's bundle (cli/bundle.mjs) no file lies where it did. */
export const ROOT = join(__dirname, "..");
