// Runs the command as a person would: both stacks as they are, and production in each architecture.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

const plans = (...args) => {
  const { status, stdout, stderr } = spawnSync("npm", ["start", "--silent", "--", ...args], {
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  assert.equal(status, 0, stderr);
  return stdout;
};
assert.match(plans(), /\S/);
for (const architecture of ["monitored-instance", "ha-web-tier", "fargate", "vercel"]) {
  const [stack] = JSON.parse(plans("--stack", "prod", "--architecture", architecture, "--json")).stacks;
  assert.equal(stack.architecture, architecture);
  assert.ok(stack.resources.length > 50, `${architecture}: ${stack.resources.length} resources`);
  console.log(`${architecture}: ${stack.resources.length} resources`);
}
console.log("5 passed, 0 failed");
