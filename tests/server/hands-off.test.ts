import assert from "node:assert/strict";
import { underReleaseLock } from "../../cli/commands/operate/release/server-release";
import { until } from "../drill/harness/processes";
import { Box } from "./box";
import { commandScript } from "./command";
import { bringPm2, type Person, person } from "./people";

/** Answers as `aws ssm get-parameter` does, with what /account holds; without the file it fails, as without credentials or a region. */
const AWS = `#!/bin/bash
echo "$*" >>/asked
cat /account 2>/dev/null || { echo "You must specify a region." >&2; exit 253; }`;

describe("who may act on a server at one time, on systemd", function () {
  this.timeout(180_000);
  let box: Box;
  let who: Person;

  before(async function () {
    box = await Box.start(this);
    await bringPm2(box);
    who = await person(box, "ubuntu", "nvm", 4100);
    await who.pm2("start ecosystem.config.js");
    box.write("/snap/bin/aws", AWS, 0o755);
    await box.do("echo off >/account; mkdir -p /run/lock");
    assert.ok(await until(async () => (await run("check")).code === 0, 30_000));
  });
  after(() => box?.stop());
  beforeEach(() => box.do("rm -rf /run/site-recovery /asked; echo off >/account"));

  const run = (step: string, env: Readonly<Record<string, string>> = {}) => {
    const parameters = { ...who.parameters, MuteParameter: "/mute", Region: "ap-northeast-2", Step: step };
    box.write(`/root/${step}`, commandScript("recover.command.yaml", parameters), 0o700);
    return box.try(`/root/${step}`, { CONFIRM: "0", SETTLE: "1", HEALTH_TIMEOUT: "2", ...env });
  };
  const heal = async (env: Readonly<Record<string, string>> = {}) =>
    (await run("heal", env)).stdout.split("\n").filter((line) => line.startsWith("<4>"));
  const processOf = async () => (await who.settings()).pid;
  const stopped = () => who.pm2(`stop ${who.app}`);

  it("does not restart what the timer has healed while the automation waited for its turn", async () => {
    await stopped();
    await box.do("systemd-run --quiet --collect --unit=timer flock /run/lock/site-recovery sleep 600; sleep 0.5");
    const waiting = run("restart-app");
    await who.pm2(`start ${who.app}`);
    const served = async () => (await box.try(`curl -sf http://127.0.0.1:${who.port}/api/health-external`)).code === 0;
    assert.ok(await until(served, 10_000));
    const before = await processOf();
    await box.do("systemctl stop timer");
    const { code, output } = await waiting;
    assert.equal(code, 0, output);
    assert.match(output, /it answers again/);
    assert.equal(await processOf(), before);
  });

  it("says that it has not been taken where the lock stays held", async () => {
    await box.do("systemd-run --quiet --collect --unit=timer flock /run/lock/site-recovery sleep 600; sleep 0.5");
    try {
      // The wait itself is shortened: a flock that passes on all but its seconds.
      box.write("/usr/local/bin/flock", '#!/bin/bash\nexec /usr/bin/flock "${@/#120/1}"\n', 0o755);
      const { code, stdout } = await run("restart-app", { PATH: "/usr/local/bin:/usr/bin:/bin" });
      assert.equal(code, 75);
      assert.match(stdout, /^not taken: another step holds the lock$/m);
    } finally {
      await box.do("rm -f /usr/local/bin/flock; systemctl stop timer");
    }
  });

  it("hears a mute that comes while it looks twice, from the region of its stack", async () => {
    await stopped();
    const mute = "date -u -d '+10 minutes' +%Y-%m-%dT%H:%M:%SZ >/account";
    await box.do(`systemd-run --quiet --collect bash -c "sleep 3; ${mute}"`);
    assert.match((await heal({ CONFIRM: "6" })).join(), /nothing is done: the recovery is muted until 20/);
    assert.match(await box.do("cat /asked"), /--region ap-northeast-2 --name \/mute/);
    assert.match((await who.pm2("jlist")).slice(0, 100_000), /"status":"stopped"/);
    await box.do("echo off >/account");
    assert.match((await heal()).at(-1) ?? "", /healthy again/);
  });

  it("hears a release that begins while it looks twice, and holds one off while it acts", async () => {
    await stopped();
    await box.do(
      `systemd-run --quiet --collect --unit=release bash -c 'sleep 3; exec flock /run/lock/site-release sleep 600'`,
    );
    assert.match((await heal({ CONFIRM: "6" })).join(), /nothing is done: a release is being installed/);
    assert.match((await run("restart-app")).stdout, /^a release is being installed\nnot taken: another step/m);
    await box.do("systemctl stop release");
    // A release in the middle of a step waits for its end.
    await box.do(`systemd-run --quiet --collect --unit=release bash -c 'while ! pgrep -f "[p]m2 restart" >/dev/null; do sleep 0.02; done
      flock --nonblock /run/lock/site-release true || touch /held-off'`);
    assert.match((await heal()).at(-1) ?? "", /healthy again/);
    await box.do("test -e /held-off");
    assert.equal(
      (await box.try("flock --nonblock /run/lock/site-release true")).code,
      0,
      "nothing it started holds it",
    );
  });

  it("heals where the account's mute cannot be read, and says so once", async () => {
    await box.do("rm /account");
    await stopped();
    const said = await heal();
    assert.match(said.join("\n"), /cannot read \/mute, so a mute of the account is not heard here/);
    assert.match(said.at(-1) ?? "", /healthy again/);
    await stopped();
    assert.doesNotMatch((await heal()).join("\n"), /cannot read/);
  });

  it("keeps its hands off while a command of `platform release` runs, whatever it can read", async () => {
    await box.do("rm /account");
    const command = `cd /home/${who.user} && echo "it's" >'/tmp/a b' && (sleep 600 >/dev/null 2>&1 & ) && touch /begun && sleep 8`;
    await stopped();
    const deploy = box.try(underReleaseLock(command));
    assert.ok(await until(async () => (await box.try("test -e /begun")).code === 0, 10_000, 100));
    assert.match((await heal()).join(), /nothing is done: a release is being installed/);
    assert.equal((await deploy).code, 0);
    assert.equal(await box.do("cat '/tmp/a b'"), "it's");
    assert.match((await heal()).at(-1) ?? "", /healthy again/, "what the command left running does not hold the lock");
    assert.equal((await box.try(underReleaseLock("exit 3"))).code, 3);
  });
});
