// The standalone server does not bring the static files along: put them beside it, so that `.next/standalone` is the release.
import { cpSync, existsSync } from "node:fs";

const release = ".next/standalone";
cpSync(".next/static", `${release}/.next/static`, { recursive: true });
if (existsSync("public")) cpSync("public", `${release}/public`, { recursive: true });
