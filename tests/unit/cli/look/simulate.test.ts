import assert from "node:assert/strict";
import { simulateCommand } from "../../../../cli/commands/look/simulate";
import { UserError } from "../../../../core/errors";
import { contextOf } from "../../insight/fixtures";

describe("platform simulate", () => {
  const command = () =>
    simulateCommand(async () => ({
      listStacks: () => ["prod"],
      planStack: () => Promise.reject(new Error("it plans nothing")),
      context: () => contextOf({}),
    }));
  const log = console.log;
  let said: string[];
  beforeEach(() => {
    said = [];
    console.log = (line: string) => void said.push(line);
  });
  afterEach(() => {
    console.log = log;
  });
  const run = (...args: string[]) => command().parseAsync(["--flips", "5", ...args], { from: "user" });

  for (const [args, message] of [
    [["--requests-per-second", "0"], /^--requests-per-second must be a number above 0 \(got "0"\)\.$/],
    [["--requests-per-second", "-1"], /^--requests-per-second must be a number above 0/],
    [["--overstay", "101"], /^--overstay must be a number from 0 to 100/],
    [["--drain", "x"], /^--drain must be a number of 0 or more \(got "x"\)\.$/],
    [["--seed", ""], /^--seed must be a number of 0 or more/],
  ] as const)
    it(`refuses ${args.join(" ")}`, () =>
      assert.rejects(run(...args), (error: Error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      }));

  it("takes less than one request a second, and no resolver that overstays", async () => {
    await run("--requests-per-second", "0.5", "--overstay", "0", "--json");
    const { rows } = JSON.parse(said.join("\n"));
    assert.ok(rows.length > 0 && rows.every(({ keptSeconds }: { keptSeconds: number }) => keptSeconds > 0));
  });

  it("heads the time that the old tier is kept by what it is", async () => {
    await run();
    assert.match(said.join("\n"), /Old tier kept/);
    assert.doesNotMatch(said.join("\n"), /Takes/);
  });

  it("tells its defaults as they are typed", () => {
    assert.match(command().helpInformation().replace(/\s+/g, " "), /\(default: 0 60 300 900 3600\)/);
  });
});
