import assert from "node:assert/strict";
import { liveGates } from "../../../../stacks/gates";
import type { TierToRollOut } from "../../../../stacks/gates/rollout";
import { VercelStandIn } from "../../../standins/vercel";

const TOKEN = "vercel-token-0123456789abcdef";
const COMMIT = "5f2c1d9a0b3e4f60718293a4b5c6d7e8f9012345";
const asked = { kind: "vercel", deployment: "dpl_new", domain: "iamvet.kr", commit: COMMIT, teamId: "team_1" } as const;
const ready = { id: "dpl_new", readyState: "READY", sha: COMMIT };
const old = { id: "dpl_old", readyState: "READY", sha: "0".repeat(40) };

describe("the rollout on Vercel", () => {
  const vercel = new VercelStandIn(TOKEN, "team_1");
  const kept = { url: process.env.VERCEL_API_URL, token: process.env.VERCEL_API_TOKEN };
  before(async () => {
    process.env.VERCEL_API_URL = await vercel.start();
    process.env.VERCEL_API_TOKEN = TOKEN;
  });
  after(async () => {
    await vercel.stop();
    for (const [name, value] of [
      ["VERCEL_API_URL", kept.url],
      ["VERCEL_API_TOKEN", kept.token],
    ] as const) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  beforeEach(() => vercel.reset());

  /** The gate's answer. */
  const prove = async (rollout: TierToRollOut["rollout"] = asked) => {
    let now = 0;
    const gates = liveGates({
      region: "ap-northeast-2",
      timeoutSeconds: 30,
      healthyCount: 1,
      log: () => {},
      clock: {
        now: () => now,
        sleep: async (ms) => {
          now += Math.max(1, ms);
        },
      },
    });
    return gates.rolledOut({ tier: "vercel", rollout });
  };

  it("opens where Vercel serves the name from the deployment of the commit", async () => {
    vercel.deployments = () => [old, ready];
    await prove();
    assert.ok(vercel.requests.every((request) => request.includes("teamId=team_1")));
  });

  it("stays shut where the deployment is of another commit, whatever version it answers with", async () => {
    vercel.deployments = () => [{ ...ready, sha: "1".repeat(40) }];
    await assert.rejects(
      prove(),
      /not rolled out on vercel: Vercel does not confirm[\s\S]*dpl_new is of 1{40} instead of 5f2c1d9a/,
    );
  });

  it("stays shut after an Instant Rollback, where a new deployment is ready and has no visitors", async () => {
    vercel.deployments = () => [old, ready];
    vercel.aliases.set("iamvet.kr", "dpl_old");
    await assert.rejects(prove(), /serves iamvet\.kr from dpl_old instead of dpl_new[\s\S]*npx vercel promote dpl_new/);
  });

  it("tells why a build failed, waits for one under way, and asks no commit where none is named", async () => {
    vercel.deployments = () => [{ ...ready, readyState: "ERROR", errorMessage: "Command exited with 1" }];
    await assert.rejects(prove(), /ended as ERROR: Command exited with 1/);
    let looks = 0;
    vercel.deployments = () => [{ id: "dpl_new", readyState: looks++ < 4 ? "BUILDING" : "READY" }];
    const { commit: _, ...anyCommit } = asked;
    await prove(anyCommit);
    assert.ok(looks > 4);
  });
});
