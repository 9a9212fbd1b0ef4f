import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check, examine, Missing, ok, type Patient } from "../../../../cli/commands/setup/doctor/check";
import { older } from "../../../../cli/commands/setup/doctor/local";
import { parse } from "../../../../cli/commands/setup/doctor/losses";
import { lookAtPlugins, pluginsOf } from "../../../../cli/commands/setup/doctor/plugins";
import { AccessDenied } from "../../../../cli/lib/aws-access";
import { planStack } from "../../../../cli/planner/planner";
import { allPermissions, permissionsFor } from "../../../../insight/permissions";
import { architectures } from "../../../../stacks/settings/schema";

const patient = { settings: new Missing("no"), plan: new Missing("no"), aws: new Missing("no") } as unknown as Patient;

describe("platform doctor", () => {
  it("skips a check whose ground is missing, and says so", async () => {
    const [line] = await examine(
      check("zone", ["aws"], async () => ok("never")),
      patient,
    );
    assert.equal(line?.status, "skipped");
    assert.match(line?.found ?? "", /needs AWS/);
  });

  it("waits for no check longer than its limit", async () => {
    const [line] = await examine(
      check("slow", [], () => new Promise(() => {}), 0.05),
      patient,
    );
    assert.equal(line?.status, "warning");
    assert.match(line?.found ?? "", /no answer within/);
  });

  it("takes a refusal for a gap in the view, and anything else for a warning", async () => {
    const failing = async (error: Error) => {
      const [line] = await examine(
        check("x", [], () => Promise.reject(error)),
        patient,
      );
      return line?.status;
    };
    assert.equal(await failing(new AccessDenied("arn:aws:iam::1:user/x may not list certificates")), "skipped");
    assert.equal(await failing(Object.assign(new Error("no"), { name: "UnauthorizedOperation" })), "skipped");
    assert.equal(await failing(new Error("socket hang up")), "warning");
  });

  it("compares versions by their numbers", () => {
    assert.ok(older("v3.99.0", "3.248.0"));
    assert.ok(!older("v3.260.0", "3.248.0"));
    assert.ok(!older("v25.0.0", "25"));
  });

  it("knows the permissions of every type that a plan holds", async function () {
    this.timeout(600_000);
    for (const architecture of architectures) {
      const { unknown, write } = permissionsFor(await planStack("prod", { architecture }));
      assert.deepEqual(unknown, [], `${architecture}: add them to insight/permissions.ts`);
      assert.deepEqual(
        write.filter((action) => !allPermissions.write.includes(action)),
        [],
      );
    }
  });

  it("names the plugins that the stack needs, awsx among them, and those that the next update downloads", async () => {
    const needed = pluginsOf(await planStack("prod", { architecture: "vercel" }));
    const names = needed.map(({ name }) => name).sort();
    assert.deepEqual(names, ["aws", "awsx", "random", "vercel"], "no image is built, so that docker-build is not");
    const awsx = needed.find(({ name }) => name === "awsx");
    const installed = needed.map(({ name, version }) => ({ name, version, kind: "resource" }));
    assert.equal(lookAtPlugins(needed, JSON.stringify(installed)).status, "ok");

    const older = installed.map((one) => (one.name === "awsx" ? { ...one, version: "3.8.0" } : one));
    const { status, found, mend } = lookAtPlugins(needed, JSON.stringify(older));
    assert.equal(status, "warning");
    assert.equal(found, `not here yet: awsx ${awsx?.version}`);
    assert.match(mend ?? "", new RegExp(`^pulumi plugin install resource awsx ${awsx?.version}$`, "m"));
    assert.match(lookAtPlugins(needed, "[]").mend ?? "", /resource vercel \S+ --server github:.*pulumiverse/);
  });

  it("never asks for the permission to delete a database", () => {
    assert.ok(!allPermissions.write.includes("rds:DeleteDBInstance"));
  });
});

describe("what lives on a server alone", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "inspect-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const file = (path: string, text: string) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const inspect = () =>
    parse(
      execFileSync("bash", [join(__dirname, "../../../../runbooks/inspect.sh"), join(root, "app")], {
        encoding: "utf8",
        env: { PATH: process.env.PATH ?? "", CRON_SPOOL: join(root, "spool"), ETC: join(root, "etc"), HOME: root },
      }),
    );

  it("is found: crontab entries and files beside the app", () => {
    file("spool/ec2-user", "# backup\nMAILTO=x\n0 3 * * * /home/ec2-user/backup.sh\n@daily curl -s localhost\n");
    file("etc/cron.d/0hourly", "01 * * * * root run-parts /etc/cron.hourly\n");
    file("etc/cron.d/site", "*/5 * * * * root /srv/check.sh\n");
    file("app/public/uploads/a.png", "x".repeat(2000));
    file("app/public/uploads/b.png", "y");
    file("app/node_modules/x/uploads/c.png", "z");
    file("app/storage/.keep-folder/empty", "");
    const { cron, files } = inspect();
    assert.deepEqual(cron, [
      "ec2-user 0 3 * * * /home/ec2-user/backup.sh",
      "ec2-user @daily curl -s localhost",
      "*/5 * * * * root /srv/check.sh",
    ]);
    assert.deepEqual(files, [`${root}/app/public/uploads (2 files, 1 MB)`, `${root}/app/storage (1 files, 0 MB)`]);
  });

  it("is nothing on a server without crontab and uploads", () => {
    file("app/server.js", "");
    assert.deepEqual(inspect(), { cron: [], files: [] });
  });
});
