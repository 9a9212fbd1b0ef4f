import assert from "node:assert/strict";
import { until } from "../drill/harness/processes";
import { Box } from "./box";
import { commandScript } from "./command";
import { bringPm2, INSTALLATIONS, type Installation, type Person, person } from "./people";

describe("the recovery on people's own servers", function () {
  this.timeout(180_000);
  let box: Box;
  let port = 4100;
  const people = new Map<string, Person>();

  before(async function () {
    box = await Box.start(this);
    await bringPm2(box);
    for (const installation of Object.keys(INSTALLATIONS) as Installation[])
      people.set(
        installation,
        await person(box, installation === "opt" ? "ubuntu" : `${installation}-user`, installation, port++),
      );
  });
  after(() => box?.stop());

  /** One step as Systems Manager runs it: as root, with root's own PATH. */
  const step = async (who: Person, name: string, more: Readonly<Record<string, string>> = {}, env = {}) => {
    const file = `/root/_script-${who.app}.sh`;
    box.write(file, commandScript("recover.command.yaml", { ...who.parameters, ...more, Step: name }), 0o700);
    return box.try(file, { SETTLE: "2", HEALTH_TIMEOUT: "2", ...env });
  };
  const served = (who: Person) =>
    until(async () => /healthy$/.test((await step(who, "check", { HealthWait: "5" })).stdout.trim()), 20_000, 500);
  const started = async (who: Person) => {
    await who.pm2("kill");
    await box.do(`rm -rf ${who.home}/.pm2 ${who.home}/app/away`);
    await who.pm2("start ecosystem.config.js");
    assert.ok(await served(who), "the app serves before anything is done to it");
  };

  for (const installation of Object.keys(INSTALLATIONS) as Installation[]) {
    it(`restarts an app under a PM2 that is not on root's PATH: ${installation}`, async () => {
      const who = people.get(installation) as Person;
      await started(who);
      await who.pm2(`stop ${who.app}`);
      assert.match((await step(who, "evidence")).stdout, /^remedy=restart-app cause=app-stopped /);
      const { code, output } = await step(who, "restart-app");
      assert.equal(code, 0, output);
      assert.ok(await served(who));
    });

    it(`starts a forgotten app from its description, with its environment and no dump: ${installation}`, async () => {
      const who = people.get(installation) as Person;
      await started(who);
      await who.pm2("kill");
      assert.match((await step(who, "evidence")).stdout, /^remedy=restart-app cause=process-manager-stopped /);
      const { code, output } = await step(who, "restart-app");
      assert.equal(code, 0, output);
      assert.ok(await served(who));
      const settings = await who.settings();
      const { SECRET_OF_THE_APP, FROM_ECOSYSTEM, FROM_LOGIN } = settings;
      assert.deepEqual([SECRET_OF_THE_APP, FROM_ECOSYSTEM, FROM_LOGIN], [`only-in-memory-${who.user}`, "yes", "yes"]);
      for (const name of ["STEP", "APP_NAME", "HEALTH_PATH"])
        assert.equal(settings[name], undefined, `${name} of the runbook's own`);
      assert.equal(
        await box.do(`ls ${who.home}/.pm2/dump.pm2 2>/dev/null || true`),
        "",
        "no secret was written to the disk",
      );
      assert.doesNotMatch(await who.pm2("jlist"), /"name":"worker"/, "only the app itself was started");
    });
  }

  const of = (installation: Installation) => people.get(installation) as Person;
  const processOf = async (who: Person) => (await who.settings()).pid;

  it("does not take PM2's word where its unit resurrects a dump that is not there", async () => {
    const who = of("nvm");
    await started(who);
    await who.pm2("kill");
    const bin = `${who.home}/${INSTALLATIONS.nvm.bin}`;
    // As `pm2 startup` writes it.
    box.write(
      `/etc/systemd/system/pm2-${who.user}.service`,
      `[Service]\nType=forking\nUser=${who.user}\nEnvironment=PATH=${bin}:/usr/bin:/bin PM2_HOME=${who.home}/.pm2
PIDFile=${who.home}/.pm2/pm2.pid\nRestart=on-failure\nExecStart=${bin}/pm2 resurrect\nExecStop=${bin}/pm2 kill\n`,
    );
    try {
      await box.do("systemctl daemon-reload");
      const { code, output } = await step(who, "restart-app");
      assert.equal(code, 0, output);
      assert.ok(await served(who));
    } finally {
      await box.try(`rm /etc/systemd/system/pm2-${who.user}.service; systemctl daemon-reload`);
    }
  });

  it("leaves it to a unit that brings the app its secrets, also when that unit's start fails", async () => {
    const who = of("nvm");
    await started(who);
    await who.pm2("kill");
    const bin = `${who.home}/${INSTALLATIONS.nvm.bin}`;
    // As boot-instance.sh writes it; what fetches the secrets is refused at first.
    box.write(
      "/usr/local/sbin/fetch",
      "#!/bin/bash\n[ ! -e /throttled ] && echo FROM_UNIT=secret >/run/env-of-the-test\n",
      0o755,
    );
    box.write(
      `/etc/systemd/system/pm2-${who.user}.service`,
      `[Service]\nType=forking\nUser=${who.user}\nEnvironment=PATH=${bin}:/usr/bin:/bin PM2_HOME=${who.home}/.pm2
ExecStartPre=+/usr/local/sbin/fetch\nEnvironmentFile=-/run/env-of-the-test\nPIDFile=${who.home}/.pm2/pm2.pid
ExecStart=${bin}/pm2 start ${who.parameters.Ecosystem} --only ${who.app}\nExecStop=${bin}/pm2 kill\n`,
    );
    try {
      await box.do("systemctl daemon-reload; touch /throttled");
      const { code, output } = await step(who, "restart-app");
      assert.equal(code, 1, output);
      assert.match(output, /pm2-nvm-user has not started shop-nvm-user: journalctl/);
      assert.equal((await box.try(`pgrep -u ${who.user} -f '^PM2 v'`)).code, 1, "no PM2 beside the unit");
      await box.do("rm /throttled");
      assert.equal((await step(who, "restart-app")).code, 0);
      assert.ok(await served(who));
      assert.equal((await who.settings()).FROM_UNIT, "secret");
      // Nor when its PM2 lives and has forgotten the app.
      await who.pm2(`delete ${who.app}`);
      assert.equal((await step(who, "restart-app")).code, 0);
      assert.ok(await served(who));
      assert.equal((await who.settings()).FROM_UNIT, "secret");
    } finally {
      await box.try(
        `systemctl stop pm2-${who.user}; rm /etc/systemd/system/pm2-${who.user}.service; systemctl daemon-reload`,
      );
    }
  });

  it("says that it did not work where there is nothing to start, whatever PM2 says", async () => {
    const who = of("nvm");
    await started(who);
    await who.pm2("kill");
    const { code, output } = await step(who, "restart-app", { Ecosystem: "/home/nobody/none.config.js" });
    assert.equal(code, 1);
    assert.match(output, /its description \/home\/nobody\/none.config.js is not there/);
  });

  it("restarts one of two apps, and leaves the other and its process alone", async () => {
    const [one, other] = [of("fnm"), of("volta")];
    await started(one);
    await started(other);
    const before = await processOf(other);
    await box.do(`kill -STOP ${await processOf(one)}`);
    assert.match((await step(one, "evidence")).stdout, /^remedy=restart-app cause=app-hanging /);
    assert.match((await step(other, "evidence")).stdout, /^remedy=none /);
    assert.equal((await step(one, "restart-app")).code, 0);
    assert.ok(await served(one));
    assert.equal(await processOf(other), before);
  });

  it("ends a PM2 that does not answer, and what it leaves on the port", async () => {
    const who = of("opt");
    await started(who);
    await box.do(`kill -STOP ${await processOf(who)}; pkill -STOP -u ${who.user} -f '^PM2 v'`);
    const { code, output } = await step(who, "restart-app", {}, { PM2_TIMEOUT: "4" });
    assert.equal(code, 0, output);
    assert.ok(await served(who));
  });

  it("waits for a database that is away, though the app has one path for both", async () => {
    const who = of("nvm");
    await started(who);
    await box.do(`touch ${who.home}/app/away`);
    assert.match((await step(who, "evidence")).stdout, /^remedy=wait cause=database-unavailable /);
    // By the connection alone, where the app says nothing of it.
    await box.do(
      `rm ${who.home}/app/away; touch ${who.home}/app/broken; : >${who.home}/.pm2/logs/${who.app}-error.log`,
    );
    assert.match(
      (await step(who, "evidence", { Database: "127.0.0.1:1" })).stdout,
      /^remedy=wait cause=database-unavailable /,
    );
    assert.match(
      (await step(who, "evidence", { Database: `127.0.0.1:${who.port}` })).stdout,
      /^remedy=restart-app cause=app-failing /,
    );
    await box.do(`rm ${who.home}/app/broken`);
  });

  for (const status of ["302", "401", "403"])
    it(`calls for a person where the health path sends whoever asks away: ${status}`, async () => {
      const who = of("nvm");
      await started(who);
      const more = { HealthPath: `/answers/${status}`, ProcessPath: "/api/health-external" };
      const human = new RegExp(
        `^remedy=human cause=health-path detail=the app answers ${status} at /answers/${status}, which`,
      );
      assert.match((await step(who, "evidence", more)).stdout, human);
      assert.match((await step(who, "evidence", { ...more, ProcessPath: more.HealthPath })).stdout, human);
    });

  it("removes rotated logs by their exact names and empties the log, and touches no other file", async () => {
    const who = of("nvm");
    const app = `${who.home}/app`;
    await box.do(`mkdir -p ${app}/full && mount -t tmpfs -o size=20m tmpfs ${app}/full && cd ${app}/full && mkdir uploads backup.log.1
      for file in uploads/brand.logo.png customers.login-export.csv app.log.bak app.log.old app.log-notes.txt \
        app.log-2026 other.log other.log.1 \
        app__draft.log uploads/app.log.1 backup.log.1/precious; do echo theirs >$file; done
      ln -s uploads/brand.logo.png app.log.7
      for file in app.log app.log.1 app.log.2.gz app.log-20261129 app.log-20261128.gz app__2026-11-29_00-00-00.log; do
        head -c 600K /dev/zero >$file
      done
      head -c 1M /dev/zero >uploads/big.logs; cp /dev/zero filler 2>/dev/null || true; true`);
    const before = await box.manifest(app);
    const log = { LogFiles: `${app}/full/app.log`, AppErrorLog: `${app}/full/app.log` };
    assert.match((await step(who, "evidence", log)).stdout, /^remedy=free-disk cause=disk-full /);
    const { code, output } = await step(who, "free-disk", log);
    assert.equal(code, 0, output);
    const after = await box.manifest(app);
    const changed = before.filter((line) => !after.includes(line)).map((line) => line.split("/").at(-1));
    assert.deepEqual(changed.sort(), [
      "app.log",
      "app.log-20261128.gz",
      "app.log-20261129",
      "app.log.1",
      "app.log.2.gz",
      "app__2026-11-29_00-00-00.log",
    ]);
    assert.equal(
      await box.do(`stat --format %s ${app}/full/app.log; readlink ${app}/full/app.log.7`),
      "0\nuploads/brand.logo.png",
    );
  });

  it("frees inodes by what logs were rotated into, and says so when it cannot", async () => {
    const who = of("volta");
    const dir = `${who.home}/inodes`;
    await box.do(`mkdir ${dir} && mount -t tmpfs -o nr_inodes=300 tmpfs ${dir} && cd ${dir} && touch app.log
      for number in $(seq 100); do touch app.log.$number; done
      for number in $(seq 400); do touch session-$number 2>/dev/null || true; done`);
    const log = { LogFiles: `${dir}/app.log` };
    assert.match(
      (await step(who, "evidence", log)).stdout,
      /^remedy=free-disk cause=disk-full detail=.* 100 % of its inodes used/,
    );
    assert.equal((await step(who, "free-disk", log)).code, 0);
    assert.equal(await box.do(`cd ${dir} && ls session-* | wc -l`), "198");
    await box.do(
      `cd ${dir}; rm app.log.*; for number in $(seq 1000); do touch more-$number 2>/dev/null || break; done`,
    );
    const { code, output } = await step(who, "free-disk", log);
    assert.equal(code, 1);
    assert.match(output, /of its inodes used: .*is no log among/);
  });
});
