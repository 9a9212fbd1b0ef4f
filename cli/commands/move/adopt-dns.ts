import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { join, relative } from "node:path";
import type {
  Change,
  ListResourceRecordSetsCommandInput,
  ListResourceRecordSetsCommandOutput,
  ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { Command } from "commander";
import pc from "picocolors";
import { UserError } from "../../../core/errors";
import { dnsName } from "../../../core/traffic-state";
import { duration } from "../../../output/format";
import { checkSettings } from "../../../stacks/settings/settings-check";
import { type Asker, agreed, askerFor } from "../../lib/ask";
import { type AwsAccess, askAws, connectStack } from "../../lib/aws-access";
import { withProgress } from "../../lib/progress";
import { inFolder, readStackFile, writeNamed } from "../../lib/stack-files";
import { importFile, inverse, recordText, type Site, sameRecord, type Takeover, takeover } from "./takeover";

interface Options {
  readonly stack: string;
  readonly yes: boolean;
  readonly undo?: string;
  readonly json: boolean;
  readonly cwd: string;
}

/** A take-over on paper, by which it is undone. It holds no secret. */
interface UndoFile {
  readonly what: "platform adopt-dns";
  readonly stack: string;
  readonly zoneId: string;
  readonly at: string;
  /** The batch that undoes it. */
  readonly changes: readonly Change[];
}

/** `platform adopt-dns`: shows its change batch, asks, and leaves a file by which it is undone. */
export function adoptDnsCommand(asker = askerFor): Command {
  return new Command("adopt-dns")
    .description(
      "Take over a name that is live with a simple record: one change batch makes it two weighted ones that point where it points now",
    )
    .requiredOption("-s, --stack <name>", "the stack whose name is taken over")
    .option("-y, --yes", "do it without asking", false)
    .option("--undo <file>", "undo a take-over by the file that it wrote")
    .option("--json", "print as JSON", false)
    .addOption(inFolder())
    .action(async (options: Options) => {
      const ask = await asker(options);
      await (options.undo ? undoTakeover(options, ask) : takeOver(options, ask));
    });
}

async function open(options: Options): Promise<{ route53: Zones; site: Site }> {
  const file = readStackFile(options.cwd, options.stack);
  const { domain } = checkSettings(file.project, options.stack, file.config);
  const zoneName = domain.zoneName ?? domain.name;
  if (domain.zone === "new") {
    throw new UserError(
      `The zone ${zoneName} is to be created by the stack (domain.zone new), so nothing in it can be live yet. For a zone that exists: pulumi config set --stack ${options.stack} --path iamvet:domain.zone existing`,
    );
  }
  const access = await connectStack(file.config);
  const route53 = await Zones.open(access);
  const zoneId = await route53.zone(zoneName);
  return {
    route53,
    site: {
      stack: options.stack,
      zoneId,
      zoneName,
      name: domain.name,
      redirectFrom: domain.redirectFrom,
      ttl: domain.ttl,
      recordType: domain.record,
    },
  };
}

async function takeOver(options: Options, ask: Asker): Promise<void> {
  const { route53, site, records } = await withProgress("Reading the live records", async () => {
    const opened = await open(options);
    const names = [opened.site.name, ...opened.site.redirectFrom];
    return { ...opened, records: await opened.route53.records(opened.site.zoneId, names) };
  });
  const plan = takeover(site, records);
  const say = (line: string) => void (options.json || console.log(line));
  show(site, plan, say);
  if (plan.changes.length === 0) {
    await finish(options, site, records, undefined, plan, say);
    return;
  }
  if (!options.yes) await agreed(ask, { message: "Make this change now?", flag: "--yes" });

  const at = new Date().toISOString();
  const undo: UndoFile = {
    what: "platform adopt-dns",
    stack: site.stack,
    zoneId: site.zoneId,
    at,
    changes: inverse(plan.changes),
  };
  // On disk before anything changes: whatever happens then, it can be undone.
  const file = join(options.cwd, `adopt-dns-${site.stack}-${at.replace(/[:.]/g, "-")}.json`);
  writeNamed(file, `${JSON.stringify(undo, null, 2)}\n`, { flag: "wx" });
  try {
    await withProgress("Changing the records, and waiting until all of Route 53's servers have them", () =>
      route53.change(site.zoneId, plan.changes, `platform adopt-dns: ${site.name} of the stack ${site.stack}`),
    );
  } catch (error) {
    if (!(error instanceof StillPending)) unlinkSync(file);
    throw error;
  }
  await finish(options, site, await route53.records(site.zoneId, [site.name, ...site.redirectFrom]), file, plan, say);
}

function show(site: Site, plan: Takeover, say: (line: string) => void): void {
  say(`${pc.bold(pc.underline(site.stack))}  ${site.name} in the zone ${site.zoneName} (${site.zoneId})`);
  if (plan.kind === "adopted") say(`The records of ${site.name} are weighted already: they point at ${plan.target}.`);
  if (plan.changes.length === 0) return;
  say(`\n${pc.bold("One change batch, all or nothing")}`);
  for (const { Action, ResourceRecordSet } of plan.changes) {
    const sign = Action === "DELETE" ? pc.red("- DELETE") : pc.green("+ CREATE");
    say(`  ${sign}  ${recordText(ResourceRecordSet as ResourceRecordSet)}`);
  }
  say(`\nEvery answer stays ${plan.target}: no visitor is sent elsewhere.`);
}

/** Writes the import file and says what is left to do. */
async function finish(
  options: Options,
  site: Site,
  records: readonly ResourceRecordSet[],
  undo: string | undefined,
  plan: Takeover,
  say: (line: string) => void,
): Promise<void> {
  const folder = options.cwd;
  const version = (await import("@pulumi/aws/package.json")).version as string;
  const imports = importFile(site, records, version);
  const file = join(folder, `adopt-dns-${site.stack}-import.json`);
  writeNamed(file, `${JSON.stringify(imports, null, 2)}\n`);
  const shown = (path: string) => relative(process.cwd(), path) || path;
  if (options.json) {
    const { changes, target, kind } = plan;
    console.log(JSON.stringify({ ...site, kind, target, changes, undo, importFile: file, imports }, null, 2));
    return;
  }
  if (undo) {
    say(pc.green(`\nDone: ${site.name} has its two weighted records, and they point at ${plan.target}.`));
    say(`To undo it: platform adopt-dns --stack ${site.stack} --undo ${shown(undo)}`);
    if (plan.oldTtl > site.ttl)
      say(
        `Resolvers may hold the old answer for ${duration(plan.oldTtl)}: change the architecture after that, not before.`,
      );
  }
  say(
    `\n${pc.bold("Left to do: tell Pulumi that they are there")} (otherwise \`pulumi up\` tries to create them and fails)`,
  );
  say(`  pulumi import --stack ${site.stack} --file ${shown(file)} --protect=false --generate-code=false --yes`);
  say(`  pulumi preview --stack ${site.stack} --diff    the records must show no change, or only where they point`);
  say(pc.dim("  An import that was done already says so, and changes nothing."));
}

async function undoTakeover(options: Options, ask: Asker): Promise<void> {
  const undo = readUndo(options);
  const { route53, site } = await withProgress("Reading the live records", () => open(options));
  if (undo.zoneId !== site.zoneId) {
    throw new UserError(
      `${options.undo} is about the zone ${undo.zoneId}, and ${site.zoneName} is ${site.zoneId}. Nothing was changed.`,
    );
  }
  const names = [...new Set(undo.changes.map(({ ResourceRecordSet: one }) => dnsName(one?.Name ?? "")))];
  const live = await route53.records(site.zoneId, names);
  // What the take-over made must be there as it made it: a flip may have moved the site since.
  for (const { Action, ResourceRecordSet: one } of undo.changes) {
    if (Action !== "DELETE" || !one || live.some((record) => sameRecord(record, one))) continue;
    const now = live.filter(({ Name }) => dnsName(Name ?? "") === dnsName(one.Name ?? ""));
    throw new UserError(
      [
        `The records have changed since ${undo.at}, so undoing would send visitors to where they pointed then.`,
        `  expected: ${recordText(one)}`,
        ...now.map((record) => `  live:     ${recordText(record)}`),
        now.every(({ SetIdentifier }) => SetIdentifier === undefined) && now.length > 0
          ? "The take-over seems to be undone already. Nothing was changed."
          : "Bring the stack back first (`pulumi up` with the architecture of then), or change the records by hand. Nothing was changed.",
      ].join("\n"),
    );
  }
  const say = (line: string) => void (options.json || console.log(line));
  say(`${pc.bold(pc.underline(site.stack))}  undo the take-over of ${undo.at}`);
  for (const { Action, ResourceRecordSet } of undo.changes) {
    const sign = Action === "DELETE" ? pc.red("- DELETE") : pc.green("+ CREATE");
    say(`  ${sign}  ${recordText(ResourceRecordSet as ResourceRecordSet)}`);
  }
  if (!options.yes) await agreed(ask, { message: "Undo it now?", flag: "--yes" });
  await withProgress("Changing the records back", () =>
    route53.change(site.zoneId, undo.changes, `platform adopt-dns --undo: ${site.name} of the stack ${site.stack}`),
  );
  if (options.json) console.log(JSON.stringify({ undone: undo.changes }, null, 2));
  say(pc.green(`\nDone: ${site.name} is as it was.`));
  say("If the records were imported, take them out of the state, or `pulumi up` changes what is not there any more:");
  say(`  pulumi state delete --stack ${site.stack} --yes '<urn of traffic-serving, and of traffic-canary>'`);
  say(`  (pulumi stack --stack ${site.stack} --show-urns lists them)`);
}

function readUndo({ undo = "", stack }: Options): UndoFile {
  if (!existsSync(undo)) throw new UserError(`There is no file ${undo}.`);
  let found: Partial<UndoFile>;
  try {
    found = JSON.parse(readFileSync(undo, "utf8"));
  } catch {
    found = {};
  }
  if (found?.what !== "platform adopt-dns" || !Array.isArray(found.changes) || found.changes.length === 0) {
    throw new UserError(`${undo} is no file that \`platform adopt-dns\` wrote.`);
  }
  if (found.stack !== stack) throw new UserError(`${undo} is about the stack ${found.stack}, not ${stack}.`);
  return found as UndoFile;
}

/** Route 53 has taken the change, and not told all its servers in time. */
class StillPending extends UserError {}

/** Longest time until all of Route 53's servers have a change, in seconds; they take up to 60 as a rule. */
const PROPAGATION = 300;

/** What Route 53 has against a batch; undefined for other errors. It words this answer in two ways, of which the SDK knows one. */
function batchRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { messages, $metadata } = error as { messages?: string[]; $metadata?: { httpStatusCode?: number } };
  if (error.name === "InvalidChangeBatch") return messages?.join("; ") || error.message;
  return error.name === "UnknownError" && $metadata?.httpStatusCode === 400
    ? "it does not fit the live records."
    : undefined;
}

/** Where a page of records begins. */
type Start = Pick<ListResourceRecordSetsCommandInput, "StartRecordName" | "StartRecordType" | "StartRecordIdentifier">;

/** What is asked of Route 53. */
class Zones {
  private constructor(
    private readonly client: Route53Client,
    private readonly access: AwsAccess,
    private readonly sdk: typeof import("@aws-sdk/client-route-53"),
  ) {}

  static async open(access: AwsAccess): Promise<Zones> {
    const sdk = await import("@aws-sdk/client-route-53");
    return new Zones(new sdk.Route53Client(access.config), access, sdk);
  }

  /** Id of the public zone of a name. */
  async zone(name: string): Promise<string> {
    const { HostedZones = [] } = await askAws(this.access, "list hosted zones", () =>
      this.client.send(new this.sdk.ListHostedZonesByNameCommand({ DNSName: name, MaxItems: 100 })),
    );
    const found = HostedZones.filter(
      ({ Name, Config }) => dnsName(Name ?? "") === dnsName(name) && !Config?.PrivateZone,
    );
    const ids = found.map(({ Id = "" }) => Id.replace("/hostedzone/", ""));
    if (ids.length === 1) return ids[0] as string;
    throw new UserError(
      ids.length === 0
        ? `The account ${this.access.account} has no public hosted zone ${name}. Is it the right account (\`aws sts get-caller-identity\`), and is domain.zoneName right?`
        : `The account ${this.access.account} has several public hosted zones ${name}: ${ids.join(", ")}. Only one of them is delegated; delete the others, or rename the stack's zone.`,
    );
  }

  /** All record sets of some names. */
  async records(zoneId: string, names: readonly string[]): Promise<ResourceRecordSet[]> {
    const all: ResourceRecordSet[] = [];
    for (const name of names) {
      let start: Start | undefined = { StartRecordName: name };
      while (start) {
        const page = await this.page(zoneId, start);
        all.push(...(page.ResourceRecordSets ?? []).filter(({ Name }) => dnsName(Name ?? "") === dnsName(name)));
        const more = page.IsTruncated && dnsName(page.NextRecordName ?? "") === dnsName(name);
        start = more
          ? {
              StartRecordName: page.NextRecordName,
              StartRecordType: page.NextRecordType,
              StartRecordIdentifier: page.NextRecordIdentifier,
            }
          : undefined;
      }
    }
    return all;
  }

  private page(zoneId: string, start: Start): Promise<ListResourceRecordSetsCommandOutput> {
    return askAws(this.access, `list the records of the zone ${zoneId}`, () =>
      this.client.send(new this.sdk.ListResourceRecordSetsCommand({ HostedZoneId: zoneId, ...start })),
    );
  }

  /** One batch, and the wait until it is everywhere. */
  async change(zoneId: string, changes: readonly Change[], comment: string): Promise<void> {
    const { ChangeInfo } = await askAws(this.access, `change records in the zone ${zoneId}`, () =>
      this.client
        .send(
          new this.sdk.ChangeResourceRecordSetsCommand({
            HostedZoneId: zoneId,
            ChangeBatch: { Comment: comment, Changes: [...changes] },
          }),
        )
        .catch((error: unknown) => {
          const refusal = batchRefusal(error);
          if (!refusal) throw error;
          throw new UserError(
            `Route 53 does not take the batch: ${refusal}\nNothing was changed. Somebody may have changed the records meanwhile: run this again to see.`,
          );
        }),
    );
    const { state } = await this.sdk
      .waitUntilResourceRecordSetsChanged(
        { client: this.client, maxWaitTime: PROPAGATION, minDelay: 2, maxDelay: 10 },
        { Id: ChangeInfo?.Id },
      )
      .catch(() => ({ state: "TIMEOUT" }));
    if (state !== "SUCCESS") {
      throw new StillPending(
        `Route 53 has taken the change (${ChangeInfo?.Id}), and did not confirm within ${PROPAGATION} s that all its servers have it. The undo file is kept; run the command again to see the records as they are.`,
      );
    }
  }
}
