import assert from "node:assert/strict";
import { until } from "../drill/harness/processes";
import { Box } from "./box";
import { commandScript } from "./command";
import { bringPm2, type Person, person } from "./people";

describe("the timer that heals on the server, on systemd", function () {
  this.timeout(240_000);
  let box: Box;
  let who: Person;
  const RUN = () => `/run/site-recovery/${who.app}`;

  before(async function () {
    box = await Box.start(this);
    await bringPm2(box);
    who = await person(box, "nvm-user", "nvm", 4100);
    box.write(
      "/etc/systemd/system.conf.d/quick.conf",
      "[Manager]\nDefaultEnvironment=CONFIRM=1 SETTLE=1 HEALTH_TIMEOUT=2\n",
    );
    await box.do("systemctl daemon-reexec");
    // As the association runs it.
    box.write("/root/_script.sh", commandScript("recover.command.yaml", { ...who.parameters, Step: "install" }), 0o700);
    await box.do("/root/_script.sh; rm /root/_script.sh; systemctl stop site-heal-*.timer");
    await until(async () => !(await running()), 20_000, 200);
  });
  after(() => box?.stop());

  const unit = () => `site-heal-${who.app}`;
  const running = async () => (await box.try(`systemctl is-active ${unit()}`)).stdout.trim() === "activating";
  /** One run of the timer's service; what it said since, with the priority that systemd gave it. */
  const heal = async (): Promise<string[]> => {
    const from = await box.do("date '+%Y-%m-%d %H:%M:%S.%N'");
    await box.try(`systemctl reset-failed; systemctl start ${unit()}`);
    const journal = await box.do(`journalctl --unit ${unit()} --since '${from}' --output json`);
    return journal
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as { PRIORITY: string; MESSAGE: string })
      .filter(({ PRIORITY }) => PRIORITY === "4")
      .map(({ MESSAGE }) => MESSAGE);
  };
  const serves = () =>
    until(
      async () => (await box.try(`curl --silent --fail http://127.0.0.1:${who.port}/api/health-external`)).code === 0,
      10_000,
    );
  const acted = async () => Number(await box.do(`cat ${RUN()}/heals 2>/dev/null | wc -l`));
  const anHourPasses = () => box.do(`rm -f ${RUN()}/heals ${RUN()}/said`);

  it("is a timer of every minute, and keeps the very script that Systems Manager runs", async () => {
    assert.match(await box.do(`systemctl cat ${unit()}.timer`), /OnUnitInactiveSec=1min/);
    assert.equal(await box.do(`systemctl is-enabled ${unit()}.timer`), "enabled");
    const given = commandScript("recover.command.yaml", { ...who.parameters, Step: "install" });
    assert.equal(await box.do(`cat /usr/local/sbin/site-recover-${who.app}`), given.trimEnd());
  });

  it("does nothing before it has seen the site healthy once, and says so once", async () => {
    await box.do(`rm ${RUN()}/said`);
    assert.match((await heal()).join(), /nothing is done before the site has been seen healthy once/);
    assert.deepEqual(await heal(), []);
    assert.equal(await acted(), 0);
    await who.pm2("start ecosystem.config.js");
    assert.ok(await serves());
    assert.deepEqual(await heal(), []);
    assert.equal(
      await box.do(`sed -n 2p /var/lib/site-recovery/${who.app}/last-healthy`),
      `${who.app} ${who.port} /api/health-external`,
    );
  });

  it("starts what PM2 has lost, says why, and what it started outlives its own unit", async () => {
    await who.pm2("kill");
    const started = Date.now();
    const said = await heal();
    const seconds = (Date.now() - started) / 1000;
    assert.match(said[0] ?? "", /remedy=restart-app cause=process-manager-stopped/);
    assert.match(said.at(-1) ?? "", /healthy again by restart-app/);
    assert.ok(seconds < 45, `${seconds} s`);
    await box.do(`systemctl reset-failed; systemctl stop ${unit()}; sleep 1`);
    assert.ok(await serves());
  });

  for (const [why, begin, end, cause] of [
    [
      "a release is installed",
      "systemd-run --quiet --unit=release flock /run/lock/site-release sleep 600; sleep 0.5",
      "systemctl stop release",
      "deploying",
    ],
    ["the server is muted", "site-recover-shop-nvm-user mute 5", "site-recover-shop-nvm-user mute 0", "muted"],
    [
      "its first boot has not come to its end",
      "systemd-run --quiet --no-block --unit=site-boot --property=Type=oneshot sleep 600; sleep 0.5",
      "systemctl stop site-boot",
      "first-boot",
    ],
  ] as const) {
    it(`keeps its hands off while ${why}, as the evidence says`, async () => {
      await anHourPasses();
      await who.pm2(`stop ${who.app}`);
      await box.do(begin);
      try {
        assert.match((await heal()).join(), /nothing is done/);
        assert.equal(await acted(), 0);
        assert.match(await box.do("site-recover-shop-nvm-user evidence"), new RegExp(`^remedy=wait cause=${cause} `));
      } finally {
        await box.do(end);
      }
      assert.match((await heal()).at(-1) ?? "", /healthy again/);
    });
  }

  it("waits for whoever holds the lock, and hands it to nothing that it starts", async () => {
    await who.pm2(`stop ${who.app}`);
    await box.do("systemd-run --quiet --unit=other flock /run/lock/site-recovery sleep 600; sleep 0.5");
    assert.deepEqual(await heal(), []);
    await box.do("systemctl stop other");
    assert.match((await heal()).at(-1) ?? "", /healthy again/);
    assert.equal((await box.try("flock --nonblock /run/lock/site-recovery true")).code, 0);
  });

  it("acts three times an hour, and then calls for a person", async () => {
    await anHourPasses();
    for (let time = 0; time < 3; time++) {
      await who.pm2(`stop ${who.app}`);
      assert.match((await heal()).at(-1) ?? "", /healthy again/);
    }
    await who.pm2(`stop ${who.app}`);
    assert.match((await heal()).join(), /not done: 3 times within an hour is enough, a person has to act/);
    assert.equal(await acted(), 3);
    await anHourPasses();
    assert.match((await heal()).at(-1) ?? "", /healthy again/);
  });

  it("does not touch a site that answers, nor one whose database is away", async () => {
    await anHourPasses();
    const before = (await who.settings()).pid;
    for (let time = 0; time < 3; time++) assert.deepEqual(await heal(), []);
    await box.do(`touch ${who.home}/app/away`);
    assert.match((await heal()).join(), /remedy=wait cause=database-unavailable/);
    assert.equal(await acted(), 0);
    await box.do(`rm ${who.home}/app/away`);
    assert.equal((await who.settings()).pid, before);
  });

  it("takes the place of what an earlier name of the stack's app has left, and of no other stack's", async () => {
    const install = async (AppName: string, MuteParameter: string) => {
      const script = commandScript("recover.command.yaml", {
        ...who.parameters,
        AppName,
        MuteParameter,
        Step: "install",
      });
      box.write("/root/_script.sh", script, 0o700);
      await box.do("/root/_script.sh; rm /root/_script.sh");
    };
    await install("other", "/another/stack");
    await install("old@1", "/stack");
    await install("new", "/stack");
    const left = await box.do(
      "ls -d /etc/systemd/system/site-heal-* /usr/local/sbin/site-recover-* /var/lib/site-recovery/*",
    );
    assert.doesNotMatch(left, /old/);
    for (const name of ["new", "other", who.app]) assert.equal(left.split(name).length - 1, 4, left);
    assert.doesNotMatch(await box.do("systemctl list-timers --all; systemctl list-unit-files 'site-heal-*'"), /old/);
    await box.do("systemctl disable --now site-heal-new.timer site-heal-other.timer");
  });

  it("falls silent on a server that nobody has confirmed for a week", async () => {
    await who.pm2(`stop ${who.app}`);
    await box.do(`touch --date '8 days ago' /var/lib/site-recovery/${who.app}/confirmed`);
    assert.deepEqual(await heal(), []);
    await box.do(`touch /var/lib/site-recovery/${who.app}/confirmed`);
    assert.match((await heal()).at(-1) ?? "", /healthy again/);
  });
});
