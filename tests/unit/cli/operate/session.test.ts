import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseLogin, placeOf } from "../../../../cli/commands/operate/session";
import { UserError } from "../../../../core/errors";

const root = join(__dirname, "../../../..");

/** The real command line, with stand-ins for `pulumi`, `aws` and its plugin on PATH, and for AWS on a loopback port. */
describe("platform shell and platform db", function () {
  this.timeout(60_000);
  let server: Server;
  let folder: string;
  let mayRead = true;

  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part) => {
        body += part;
      });
      request.on("end", () => {
        const action = new URLSearchParams(body).get("Action");
        if (action === "GetCallerIdentity") {
          response.end(
            "<R><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/x</Arn><Account>1</Account></GetCallerIdentityResult></R>",
          );
        } else if (action === "DescribeRegions") {
          response.end("<R><regionInfo><item><regionName>ap-northeast-2</regionName></item></regionInfo></R>");
        } else if (!mayRead) {
          // Secrets Manager, API reference, "Common errors": HTTP status code 400.
          response.statusCode = 400;
          response.end(JSON.stringify({ __type: "AccessDeniedException", message: "not authorized" }));
        } else {
          response.end(
            JSON.stringify({
              SecretString: JSON.stringify({ DATABASE_URL: "postgresql://site:hunter2@db:5432/iamvet" }),
            }),
          );
        }
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
  });
  after(() => server.close());

  const program = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, `#!/usr/bin/env node\n${text}`);
    chmodSync(path, 0o755);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "session-"));
    copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
    writeFileSync(join(folder, "Pulumi.prod.yaml"), "config:\n  aws:region: ap-northeast-2\n");
    symlinkSync(process.execPath, join(folder, "node"));
    const outputs = {
      instanceId: "i-0123456789abcdef0",
      databaseEndpoint: "db.example:5432",
      databaseSecret: "arn:aws:secretsmanager:x",
    };
    program("pulumi", `console.log(${JSON.stringify(JSON.stringify(outputs))});`);
    program("session-manager-plugin", "");
    // Stands for a tunnel: listens where it is told, until it is ended.
    program(
      "aws",
      `const fs = require("fs"), args = process.argv.slice(2);
       if (args[0] !== "--version") fs.writeFileSync(${JSON.stringify(join(folder, "asked"))}, JSON.stringify(args));
       const at = args.indexOf("--parameters");
       if (at > 0) require("net").createServer().listen(Number(JSON.parse(args[at + 1]).localPortNumber[0]), "127.0.0.1");`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [join(root, "cli/bin.mjs"), ...args, "--stack", "prod", "--cwd", folder], {
      env: {
        // Only the stand-ins, and what a script's first line needs.
        PATH: `${folder}:${dirname("/usr/bin/env")}`,
        HOME: folder,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        AWS_ACCESS_KEY_ID: "x",
        AWS_SECRET_ACCESS_KEY: "x",
      },
    });
  const end = (child: ChildProcess) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      let [stdout, stderr] = ["", ""];
      child.stdout?.on("data", (part) => {
        stdout += part;
      });
      child.stderr?.on("data", (part) => {
        stderr += part;
      });
      child.once("close", (code) => resolve({ code, stdout, stderr }));
    });
  const asked = () => JSON.parse(readFileSync(join(folder, "asked"), "utf8")) as string[];

  it("opens a shell on the server", async () => {
    const { code, stderr } = await end(start("shell"));
    assert.equal(code, 0, stderr);
    assert.deepEqual(asked(), [
      "ssm",
      "start-session",
      "--target",
      "i-0123456789abcdef0",
      "--region",
      "ap-northeast-2",
    ]);
  });

  it("opens a tunnel to the database, shows how to enter it, and never the password", async () => {
    const child = start("db");
    const result = end(child);
    const shown = await new Promise<string>((resolve) => {
      let text = "";
      child.stdout?.on("data", (part) => {
        text += part;
        if (/psql/.test(text)) resolve(text);
      });
      void result.then(({ stderr }) => resolve(stderr));
    });
    assert.match(
      shown,
      /psql "host=db\.example hostaddr=127\.0\.0\.1 port=\d+ dbname=iamvet user=site sslmode=require"/,
    );
    assert.ok(asked().includes("AWS-StartPortForwardingSessionToRemoteHost"));
    const passwords = /PGPASSFILE=(\S+)/.exec(shown)?.[1] ?? "";
    assert.match(readFileSync(passwords, "utf8"), /^db\.example:\d+:\*:site:hunter2\n$/);
    assert.equal(statSync(passwords).mode & 0o777, 0o600);
    child.kill("SIGINT");
    const { stdout, stderr } = await result;
    assert.ok(!`${stdout}${stderr}${asked()}`.includes("hunter2"));
    assert.throws(() => statSync(passwords), "the password stayed behind");
  });

  it("says what the caller may not do in one sentence, which is no mistake of the program", async () => {
    mayRead = false;
    const { code, stderr } = await end(start("db")).finally(() => {
      mayRead = true;
    });
    assert.equal(code, 2);
    assert.match(stderr, /^arn:aws:iam::1:user\/x may not read the secret .* in ap-northeast-2: not authorized\n$/);
  });

  it("says what is not installed", async () => {
    rmSync(join(folder, "session-manager-plugin"));
    const { code, stderr } = await end(start("db"));
    assert.equal(code, 2);
    assert.match(stderr, /^session-manager-plugin is not on PATH\./);
    rmSync(join(folder, "aws"));
    assert.match((await end(start("shell"))).stderr, /aws is not on PATH/);
  });
});

describe("a session on a stack", () => {
  const access = {} as Parameters<typeof placeOf>[0];

  it("goes to the server where there is one, and says where there is none", async () => {
    assert.equal((await placeOf(access, { instanceId: "i-1" }, "prod")).target, "i-1");
    await assert.rejects(
      placeOf(access, { architecture: "vercel" }, "prod"),
      /no server or task to go through \(vercel\)/,
    );
  });

  it("reads a login with escaped characters, and shows nothing of a secret that it cannot read", () => {
    assert.deepEqual(parseLogin('{"DATABASE_URL": "postgresql://u%40x:p%3Aw@h:5432/d?sslmode=verify-full"}'), {
      user: "u@x",
      password: "p:w",
      database: "d",
    });
    for (const secret of ["hunter2", '{"password": "hunter2"}', '{"DATABASE_URL": "hunter2"}']) {
      assert.throws(
        () => parseLogin(secret),
        (error) => error instanceof UserError && !error.message.includes("hunter2"),
      );
    }
  });
});
