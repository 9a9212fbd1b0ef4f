import assert from "node:assert/strict";
import { Box } from "./box";
import { commandScript } from "./command";
import { bringPm2, type Person, person } from "./people";

describe("the recovery on a disk that is full, on systemd", function () {
  this.timeout(180_000);
  let box: Box;
  let who: Person;
  const LOGS = "/srv/logs";
  const DATA = "/srv/data";
  const log = { LogFiles: `${LOGS}/app.log ${DATA}/other.log`, HealthWait: "5" };

  before(async function () {
    box = await Box.start(this);
    await bringPm2(box);
    who = await person(box, "ubuntu", "nvm", 4100);
    await who.pm2("start ecosystem.config.js");
    for (const folder of [LOGS, DATA])
      await box.do(`mkdir -p ${folder} && mount -t tmpfs -o size=20m,nr_inodes=300 tmpfs ${folder}`);
  });
  after(() => box?.stop());
  beforeEach(async () => {
    await box.do(`rm -rf ${LOGS}/* ${DATA}/* /run/site-recovery`);
    assert.equal((await run("check")).code, 0);
  });

  const run = (step: string) => {
    box.write(
      "/root/_script.sh",
      commandScript("recover.command.yaml", { ...who.parameters, ...log, Step: step }),
      0o700,
    );
    return box.try("/root/_script.sh", { CONFIRM: "0", SETTLE: "1", HEALTH_TIMEOUT: "2" });
  };
  const heal = async () => (await run("heal")).stdout.split("\n").filter((line) => line.startsWith("<4>"));
  /** Fills what is left of a volume with what is no log. */
  const fill = (folder: string, leave = "0") =>
    box.do(`cd ${folder}; cp /dev/zero theirs 2>/dev/null; truncate --size=-${leave} theirs; true`);
  const size = async (path: string) => Number(await box.do(`stat --format %s ${path}`));

  it("touches no log where the logs are not what fills it, says so once, and uses up no restart", async () => {
    await box.do(`cd ${LOGS}; head -c 300K /dev/zero >app.log; head -c 100K /dev/zero >app.log.1`);
    await fill(LOGS);
    const before = await box.manifest(LOGS);
    assert.match(
      (await run("evidence")).stdout,
      /^remedy=none cause=disk-full detail=the site answers; \/srv\/logs is 100 % full/,
    );
    assert.match((await heal()).join(), /\/srv\/logs is 100 % full: a person has to make room/);
    assert.deepEqual(await heal(), []);
    const { code, output } = await run("free-disk");
    assert.equal(code, 1);
    assert.match(output, /\/srv\/logs is 100 % full: what fills it is no log among/);
    assert.deepEqual(await box.manifest(LOGS), before);
    assert.equal((await box.try("cat /run/site-recovery/*/heals")).code, 1);
  });

  it("still restarts what is broken on it, and names it", async () => {
    await fill(LOGS);
    await who.pm2(`stop ${who.app}`);
    const said = await heal();
    assert.match(said[0] ?? "", /remedy=restart-app cause=app-stopped detail=.*; \/srv\/logs is 100 % full/);
    assert.match(said.at(-1) ?? "", /healthy again by restart-app/);
  });

  it("empties the logs on the volume that is full, and no other, until there is room", async () => {
    await box.do(
      `head -c 15M /dev/zero >${LOGS}/app.log; head -c 17M /dev/zero >${DATA}/other.log; touch ${DATA}/other.log.1`,
    );
    await fill(LOGS);
    const elsewhere = await box.manifest(DATA);
    const said = await heal();
    assert.match(said[0] ?? "", /remedy=free-disk cause=disk-full detail=\/srv\/logs is 100 % full/);
    assert.match(said.at(-1) ?? "", /healthy again by free-disk/);
    assert.equal(await size(`${LOGS}/app.log`), 0);
    assert.deepEqual(await box.manifest(DATA), elsewhere, "which is 85 % full");
  });

  it("is not called healthy again while it is full, and a log that fills it anew is emptied three times an hour", async () => {
    for (let time = 0; time < 3; time++) {
      await box.do(`rm -f ${LOGS}/* /run/site-recovery/*/said; head -c 15M /dev/zero >${LOGS}/app.log`);
      await fill(LOGS);
      // What is freed goes at once, as to a writer that does not stop.
      await box.do(`systemctl stop filler 2>/dev/null; systemd-run --quiet --collect --unit=filler bash -c 'while sleep 0.05; do
        cat /dev/zero >>${LOGS}/again 2>/dev/null; done'`);
      const said = await heal();
      await box.do("systemctl stop filler");
      assert.doesNotMatch(said.join("\n"), /healthy again/);
      assert.match(said.at(-1) ?? "", /remedy=none cause=disk-full/);
    }
    await box.do(`rm -f ${LOGS}/*; head -c 15M /dev/zero >${LOGS}/app.log`);
    await fill(LOGS);
    await who.pm2(`stop ${who.app}`);
    const said = (await heal()).join("\n");
    assert.match(said, /remedy=free-disk .*not done: 3 times within an hour is enough/);
    assert.match(said, /remedy=restart-app cause=app-stopped/, "a heal count of its own");
    assert.equal(await size(`${LOGS}/app.log`), 15 * 1024 * 1024);
    assert.equal((await run("check")).code, 0);
  });
});
