import { copyFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { principalUses } from "../../core/calls/grants";
import { Python } from "../provider/python/python";
import { type Ran, run } from "../provider/terraform";
import { needed } from "../skip";
import { Moto } from "./moto";
import { Seed } from "./seed";

export const REGION = "ap-northeast-2";
const root = join(__dirname, "../..");

/** An emulator for a suite of mocha, which is skipped with the reason where it is not to be had. */
export async function emulator(suite: Mocha.Context): Promise<Moto> {
  const python = needed(suite, await Python.find((message) => console.log(`    ${message}`)));
  const moto = await Moto.start(python);
  // The emulator loads a service at its first question, which must not count as the silence of AWS.
  await new Seed(moto.endpoint, REGION).whoAmI();
  return moto;
}

/** A folder with the project's file and no stack. */
export function projectFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "platform-"));
  copyFileSync(join(root, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  return folder;
}

const PERSON = new Set(principalUses("person").flatMap(({ read, write }) => [...read, ...write]));

/**
 * Runs the command line as a process of its own, against the emulator.
 *
 * @throws Error if it asked AWS for something that the table of calls does not have
 */
export async function platform(
  moto: Moto,
  folder: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Ran> {
  await moto.record();
  const ran = await run(process.execPath, [join(root, "cli/bin.mjs"), ...args, "--cwd", folder], {
    env: {
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_REGION: REGION,
      ...moto.env,
      ...env,
    },
    timeoutSeconds: 90,
  });
  const unknown = (await moto.recorded()).filter((action) => !PERSON.has(action));
  if (unknown.length > 0) throw new Error(`platform ${args[0]} calls what core/calls does not have: ${unknown}`);
  return ran;
}
