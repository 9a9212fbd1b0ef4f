import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { join, relative } from "node:path";
import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { Command } from "commander";
import { UserError } from "../../../core/errors";
import { dnsName } from "../../../core/traffic-state";
import {
  bad,
  type Code,
  code,
  type Document,
  good,
  type Item,
  list,
  muted,
  section,
  text,
} from "../../../output/document";
import { duration } from "../../../output/format";
import { toTerminal } from "../../../output/terminal";
import { checkSettings } from "../../../stacks/settings/settings-check";
import { connectStack } from "../../lib/aws-access";
import { print } from "../../lib/print";
import { withProgress } from "../../lib/progress";
import { type Asker, agreed, askerFor } from "../../lib/prompt";
import { inFolder, readStackFile, writeNamed } from "../../lib/stack-files";
import { StillPending, Zones } from "../../lib/zones";
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
      `The zone ${zoneName} is to be created by the stack (domain.zone new), so nothing in it can be ` +
        `live yet. For a zone that exists: pulumi config set --stack ${options.stack} --path ` +
        "iamvet:domain.zone existing",
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
  if (!options.json) console.log(toTerminal(proposal(site, plan)));
  if (plan.changes.length === 0) return finish(options, site, records, plan);
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
  await finish(options, site, await route53.records(site.zoneId, [site.name, ...site.redirectFrom]), plan, file);
}

const batch = (changes: readonly Change[]): Code =>
  code(
    changes.map(({ Action, ResourceRecordSet: one }) => [
      Action === "DELETE" ? bad("- DELETE") : good("+ CREATE"),
      `  ${recordText(one as ResourceRecordSet)}`,
    ]),
  );

const proposal = (site: Site, { kind, changes, target }: Takeover): Document => ({
  title: `${site.stack}: ${site.name} in the zone ${site.zoneName} (${site.zoneId})`,
  blocks: [
    ...(kind === "adopted" ? [text(`The records of ${site.name} are weighted already: they point at ${target}.`)] : []),
    ...(changes.length > 0
      ? [
          section("One change batch, all or nothing", [
            batch(changes),
            text(`Every answer stays ${target}: no visitor is sent elsewhere.`),
          ]),
        ]
      : []),
  ],
});

/** Writes the import file and says what is left to do. @param undo file by which the change is undone, if there was one */
async function finish(
  options: Options,
  site: Site,
  records: readonly ResourceRecordSet[],
  plan: Takeover,
  undo?: string,
): Promise<void> {
  const version = (await import("@pulumi/aws/package.json")).version as string;
  const imports = importFile(site, records, version);
  const importedBy = join(options.cwd, `adopt-dns-${site.stack}-import.json`);
  writeNamed(importedBy, `${JSON.stringify(imports, null, 2)}\n`);
  const { changes, target, kind } = plan;
  print({ ...site, kind, target, changes, undo, importFile: importedBy, imports }, options, () =>
    leftToDo(site, plan, importedBy, undo),
  );
}

function leftToDo({ stack, name, ttl }: Site, { target, oldTtl }: Takeover, imports: string, undo?: string): Document {
  const shown = (path: string) => relative(process.cwd(), path) || path;
  const by = `--file ${shown(imports)} --protect=false --generate-code=false --yes`;
  const done: Item[] = undo
    ? [
        `To undo it: platform adopt-dns --stack ${stack} --undo ${shown(undo)}`,
        ...(oldTtl > ttl
          ? [
              `Resolvers may hold the old answer for ${duration(oldTtl)}: change the architecture after that, not before.`,
            ]
          : []),
      ]
    : [];
  return {
    title: undo
      ? good(`Done: ${name} has its two weighted records, and they point at ${target}.`)
      : "Nothing to change",
    blocks: [
      list(done),
      section("Left to do: tell Pulumi that they are there, or `pulumi up` tries to create them and fails", [
        code([
          `pulumi import --stack ${stack} ${by}`,
          `pulumi preview --stack ${stack} --diff    # the records must show no change, or only where they point`,
        ]),
        text(muted("An import that was done already says so, and changes nothing.")),
      ]),
    ],
  };
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
  if (!options.json) {
    console.log(
      toTerminal({ title: `${site.stack}: undo the take-over of ${undo.at}`, blocks: [batch(undo.changes)] }),
    );
  }
  if (!options.yes) await agreed(ask, { message: "Undo it now?", flag: "--yes" });
  await withProgress("Changing the records back", () =>
    route53.change(site.zoneId, undo.changes, `platform adopt-dns --undo: ${site.name} of the stack ${site.stack}`),
  );
  print({ undone: undo.changes }, options, () => ({
    title: good(`Done: ${site.name} is as it was.`),
    blocks: [
      text(
        "If the records were imported, take them out of the state, or `pulumi up` changes what is not there any more:",
      ),
      code([
        `pulumi state delete --stack ${site.stack} --yes '<urn of traffic-serving, and of traffic-canary>'`,
        `pulumi stack --stack ${site.stack} --show-urns    # lists them`,
      ]),
    ],
  }));
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
