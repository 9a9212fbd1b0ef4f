import assert from "node:assert/strict";
import { until } from "../drill/harness/processes";
import { Box } from "./box";
import { commandScript } from "./command";
import { bringPm2, HOST, type Person, person } from "./people";

describe("the recovery of Nginx, on systemd and with Ubuntu's layout", function () {
  this.timeout(180_000);
  let box: Box;
  let who: Person;
  let parameters: Readonly<Record<string, string>>;

  before(async function () {
    box = await Box.start(this);
    await bringPm2(box);
    who = await person(box, "ubuntu", "nvm", 4100);
    parameters = {
      ...who.parameters,
      SiteUrl: `https://${HOST}`,
      LogFiles: `${who.parameters.LogFiles} /var/log/nginx/access.log /var/log/nginx/error.log`,
    };
    const site = (
      port: number,
    ) => `server { listen 443 ssl; server_name ${HOST}; ssl_certificate /etc/site.pem; ssl_certificate_key /etc/site.key;
      location / { proxy_pass http://127.0.0.1:${port}; proxy_read_timeout 3s; } }`;
    box.write("/etc/nginx/sites-available/site", site(who.port));
    box.write("/etc/nginx/sites-available/moved", site(4999));
    await box.do(`rm -f /etc/nginx/sites-enabled/*; ln -s ../sites-available/site /etc/nginx/sites-enabled/site
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=x -addext subjectAltName=DNS:${HOST} \\
        -keyout /etc/site.key -out /etc/site.pem 2>/dev/null
      cp /etc/site.pem /usr/local/share/ca-certificates/site.crt && update-ca-certificates >/dev/null 2>&1; systemctl restart nginx`);
    await who.pm2("start ecosystem.config.js");
    for (const step of ["check", "heal", "evidence"])
      box.write(`/root/${step}`, commandScript("recover.command.yaml", { ...parameters, Step: step }), 0o700);
    assert.ok(await until(async () => (await run("check")).code === 0, 30_000));
  });
  after(() => box?.stop());

  const run = (step: string) => box.try(`/root/${step}`, { CONFIRM: "1", SETTLE: "1", HEALTH_TIMEOUT: "2" });
  /** What one run of the timer says; the caps of an hour are not what is tested here. */
  const heal = async () => {
    await box.do("rm -rf /run/site-recovery");
    return (await run("heal")).stdout.split("\n").filter((line) => line.startsWith("<4>"));
  };

  for (const [fault, inject, causes, seconds] of [
    ["Nginx is stopped", "systemctl stop nginx", ["nginx-stopped"], 15],
    ["Nginx is killed, workers included", "pkill -KILL nginx", ["nginx-stopped"], 15],
    ["PM2 is killed", "pkill -KILL -f '^PM2 v'; pkill -KILL -f '^next-server'; true", ["process-manager-stopped"], 45],
    ["the app is frozen by SIGSTOP", "pkill -STOP -f '^next-server'", ["app-hanging"], 45],
    [
      "Nginx and the app are gone at once",
      "systemctl stop nginx; pkill -KILL -f '^PM2 v'; pkill -KILL -f '^next-server'; true",
      ["process-manager-stopped", "nginx-stopped"],
      60,
    ],
    [
      "/tmp is read-only, and the app is gone",
      "mount -o remount,ro /tmp; pkill -KILL -f '^PM2 v'; pkill -KILL -f '^next-server'; true",
      ["process-manager-stopped"],
      45,
    ],
  ] as const) {
    it(`heals it within ${seconds} s, and touches no file of theirs: ${fault}`, async () => {
      const theirs = `${who.home}/app /etc/nginx`;
      const before = await box.manifest(theirs);
      await box.do(inject);
      const started = Date.now();
      const said = await heal();
      const took = (Date.now() - started) / 1000;
      assert.deepEqual(
        said.flatMap((line) => /remedy=(?!none)\S+ cause=(\S+)/.exec(line)?.[1] ?? []),
        causes,
        said.join("\n"),
      );
      assert.match(said.at(-1) ?? "", /healthy again/);
      assert.equal((await run("check")).code, 0);
      assert.ok(took < seconds, `${took} s`);
      assert.deepEqual(await box.manifest(theirs), before);
      await box.do("mount -o remount,rw /tmp 2>/dev/null || true");
    });
  }

  it("starts an Nginx that has no unit so that it outlives whatever started it", async () => {
    const unit = await box.do("systemctl show --property FragmentPath --value nginx");
    await box.do(
      `systemctl stop nginx; mv ${unit} /root/nginx.unit; systemctl daemon-reload; rm -rf /run/site-recovery`,
    );
    try {
      // As the timer does: what is left of its unit ends with it.
      await box.do(
        `systemd-run --quiet --wait --unit=as-the-timer --setenv=CONFIRM=1 --setenv=SETTLE=1 --setenv=HEALTH_TIMEOUT=2 /root/heal`,
      );
      await box.do("sleep 1");
      assert.equal((await run("check")).code, 0, "the site is served yet");
    } finally {
      await box.do(
        `nginx -s quit; sleep 1; mv /root/nginx.unit ${unit}; systemctl daemon-reload; systemctl start nginx`,
      );
    }
  });

  it("calls for a person where Nginx sends whoever asks away", async () => {
    await box.do(
      "sed 's|location / {|location / { return 301 https://elsewhere.example.com;|' " +
        "/etc/nginx/sites-available/site >/etc/nginx/sites-enabled/x",
    );
    await box.do("mv /etc/nginx/sites-enabled/x /etc/nginx/sites-enabled/site; systemctl reload nginx; sleep 1");
    assert.match((await heal()).join(), /remedy=human cause=health-path detail=the app answers, Nginx answers 301 at/);
    await box.do("ln -sfn ../sites-available/site /etc/nginx/sites-enabled/site; systemctl reload nginx; sleep 1");
  });

  it("does not restart anything where Nginx passes to another port, and says which", async () => {
    const before = (await who.settings()).pid;
    await box.do("ln -sfn ../sites-available/moved /etc/nginx/sites-enabled/site; systemctl reload nginx; sleep 1");
    assert.match(
      (await heal()).join(),
      /remedy=human cause=upstream-port detail=the app answers on port 4100, Nginx passes to 4999/,
    );
    assert.equal((await who.settings()).pid, before);
    await box.do("ln -sfn ../sites-available/site /etc/nginx/sites-enabled/site; systemctl reload nginx; sleep 1");
    assert.equal((await run("check")).code, 0);
  });

  it("calls for a person where Nginx refuses its configuration, and leaves what runs", async () => {
    await box.do(
      "echo 'nonsense;' >/etc/nginx/conf.d/x.conf; ln -sfn ../sites-available/moved /etc/nginx/sites-enabled/site",
    );
    assert.deepEqual(await heal(), []);
    assert.equal((await run("check")).code, 0, "it goes on with what it has read");
    await box.do("systemctl stop nginx");
    assert.match((await heal()).join(), /remedy=human cause=nginx-config/);
    await box.do(
      "rm /etc/nginx/conf.d/x.conf; ln -sfn ../sites-available/site /etc/nginx/sites-enabled/site; systemctl restart nginx",
    );
  });
});
