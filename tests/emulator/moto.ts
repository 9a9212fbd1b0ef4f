import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Python } from "../provider/python/python";

/** A port that is free on the loopback interface now. */
const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });

/** A request as moto keeps it. */
interface Recorded {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly body_encoded: boolean;
}

/** Prefix in IAM by the name that requests are signed for, where they differ. */
const SIGNED_FOR: Readonly<Record<string, string>> = { monitoring: "cloudwatch", email: "ses" };

function actionIn({ headers, body, body_encoded }: Recorded): string[] {
  const service = /\/([\w-]+)\/aws4_request/.exec(headers.Authorization ?? "")?.[1] ?? "";
  const text = body_encoded ? Buffer.from(body, "base64").toString() : body;
  const operation = headers["X-Amz-Target"]?.split(".").at(-1) ?? new URLSearchParams(text).get("Action");
  return operation && service ? [`${SIGNED_FOR[service] ?? service}:${operation}`] : [];
}

/** An emulator of AWS in memory, on a loopback port, for the time of a suite. */
export class Moto {
  private constructor(
    private readonly server: ChildProcess,
    readonly endpoint: string,
  ) {}

  /** @throws Error if the emulator does not answer within two minutes. */
  static async start(python: Python): Promise<Moto> {
    const port = await freePort();
    const server = spawn(python.program("moto_server"), ["-H", "127.0.0.1", "-p", String(port)], {
      stdio: "ignore",
      // Instances get the images that are asked for, whether or not moto has heard of them.
      env: {
        ...process.env,
        MOTO_EC2_LOAD_DEFAULT_AMIS: "true",
        MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
        // Seconds until a certificate counts as validated.
        MOTO_ACM_VALIDATION_WAIT: "1",
        MOTO_RECORDER_FILEPATH: join(mkdtempSync(join(tmpdir(), "moto-")), "requests"),
      },
    });
    const moto = new Moto(server, `http://127.0.0.1:${port}`);
    process.once("exit", () => server.kill());
    for (const end = Date.now() + 120_000; Date.now() < end; ) {
      if (await moto.answers()) return moto;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    server.kill();
    throw new Error("the emulator moto did not answer within two minutes");
  }

  /** What makes Terraform's provider and AWS clients talk to the emulator. */
  get env(): Readonly<Record<string, string>> {
    return { AWS_ENDPOINT_URL: this.endpoint };
  }

  /** Forgets everything that was built. */
  async reset(): Promise<void> {
    await fetch(`${this.endpoint}/moto-api/reset`, { method: "POST" });
  }

  /** From now on it keeps what it is asked, and nothing from before. */
  async record(): Promise<void> {
    for (const what of ["reset-recording", "start-recording"])
      await fetch(`${this.endpoint}/moto-api/recorder/${what}`, { method: "POST" });
  }

  /** IAM's actions behind what it was asked since {@link record}. Those of Route 53 and S3 are not among them: REST names no operation. */
  async recorded(): Promise<string[]> {
    const answer = await fetch(`${this.endpoint}/moto-api/recorder/download-recording`);
    const requests = (await answer.text())
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Recorded);
    return [...new Set(requests.flatMap(actionIn))].sort();
  }

  stop(): void {
    this.server.kill();
  }

  private async answers(): Promise<boolean> {
    return fetch(`${this.endpoint}/moto-api/data.json`).then(
      (response) => response.ok,
      () => false,
    );
  }
}
