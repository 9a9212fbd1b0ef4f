import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { planCommand } from "../../../../cli/commands/look/plan";
import { planStack } from "../../../../cli/planner/planner";
import { UserError } from "../../../../core/errors";
import type { Plan, PlannedResource } from "../../../../core/plan-format";
import { dataChanges, renderDataChanges } from "../../../../insight/change/data-safety";
import { changesOf } from "../../../../insight/change/flip-changes";
import { flipOf } from "../../../../insight/change/flip-effects";
import { architectures } from "../../../../stacks/settings/schema";
import { flipFacts } from "../fixtures";

const found = {
  identifier: "iamvet-db",
  urlSecretArn: "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:iamvet-db-AbCdEf",
};
/** Every mode; what has nothing to do with data is left out of most, since sixteen plans take their time. */
const slim = { uptime: { provider: "none" }, monitoring: { level: "basic" }, backups: {} };
const modes: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  managed: { database: { readReplica: true } },
  existing: { ...slim, database: { mode: "existing", ...found } },
  import: { ...slim, database: { mode: "import", ...found, takeOver: true } },
  restore: {
    ...slim,
    database: { mode: "restore", engineVersion: "18", restore: { snapshot: "iamvet-final-0a1b2c3d" } },
  },
};

describe("data across a change of architecture", () => {
  const plans = new Map<string, Plan>();
  const plan = (mode: string, architecture: string) => plans.get(`${mode} ${architecture}`) as Plan;

  before(async function () {
    this.timeout(120_000);
    for (const [mode, config] of Object.entries(modes)) {
      for (const architecture of architectures) {
        plans.set(`${mode} ${architecture}`, await planStack("prod", { architecture, config }));
      }
    }
  });

  for (const mode of Object.keys(modes)) {
    it(`is neither deleted, replaced nor unprotected in all twelve ordered pairs: ${mode}`, () => {
      let pairs = 0;
      for (const from of architectures) {
        for (const to of architectures.filter((other) => other !== from)) {
          assert.deepEqual(renderDataChanges(dataChanges(plan(mode, from), plan(mode, to))), [], `${from} -> ${to}`);
          pairs++;
        }
      }
      assert.equal(pairs, 12);
      const kept = plan(mode, "fargate").resources.filter(({ protect }) => protect).length;
      assert.ok(kept >= ({ existing: 1, import: 2 }[mode] ?? 5), `${kept} protected`);
    });
  }

  it("differs between the architectures in who may reach the database, and in nothing that replaces it", () => {
    const [vercel, fargate] = ["vercel", "fargate"].map((architecture) => databaseOf(plan("managed", architecture)));
    const { publiclyAccessible: open, ...one } = vercel?.inputs ?? {};
    const { publiclyAccessible: closed, ...other } = fargate?.inputs ?? {};
    assert.deepEqual([open, closed], [true, false]);
    assert.deepEqual(one, other);
  });

  describe("between two plans", () => {
    const base = () => plan("managed", "fargate");
    const changed = (name: string, change: (resource: PlannedResource) => PlannedResource | undefined): Plan => ({
      ...base(),
      resources: base().resources.flatMap((one) => (one.name === name ? (change(one) ?? []) : one)),
    });
    const inputs = (further: Record<string, never> | object) => (one: PlannedResource) => ({
      ...one,
      inputs: { ...one.inputs, ...further },
    });
    const cases: [string, Plan | (() => Plan), RegExp][] = [
      [
        "left out",
        () => changed("database-instance", () => undefined),
        /holds the database, would be deleted.*state unprotect/,
      ],
      [
        "renamed",
        () => changed("database-instance", inputs({ dbName: "shop" })),
        /would be replaced \(dbName\).*second stack/,
      ],
      ["under another user", () => changed("database-instance", inputs({ username: "root" })), /replaced \(username\)/],
      [
        "decrypted",
        () => changed("database-instance", inputs({ storageEncrypted: false })),
        /replaced \(storageEncrypted\)/,
      ],
      [
        "shrunk",
        () => changed("database-instance", inputs({ maxAllocatedStorage: 30 })),
        /shrunk \(maxAllocatedStorage\).*pg_dump/,
      ],
      ["unprotected", () => changed("database-instance", (one) => ({ ...one, protect: false })), /unprotected/],
      [
        "without deletion protection",
        () => changed("database-instance", inputs({ deletionProtection: false })),
        /unprotected/,
      ],
      ["without backups", () => changed("database-instance", inputs({ backupRetentionPeriod: 0 })), /unprotected/],
      [
        "whose copies move to another region",
        () => changed("backups-copy-vault", inputs({ region: "us-east-1" })),
        /replaced \(region\)/,
      ],
      ["without its secret", () => changed("database-url", () => undefined), /holds secrets, would be deleted/],
      ["without its vault", () => changed("backups-vault", () => undefined), /holds backups, would be deleted/],
    ];
    for (const [title, after, text] of cases) {
      it(`is told, by a flip too: a database ${title}`, () => {
        const now = typeof after === "function" ? after() : after;
        const lines = renderDataChanges(dataChanges(base(), now));
        assert.equal(lines.length, 1, lines.join("\n"));
        assert.match(lines[0] ?? "", text);
        const { verdict, data } = flipOf(base(), now, flipFacts);
        assert.deepEqual([verdict, data.findings[0]], ["unsafe", lines[0]]);
      });
    }

    it("stop `platform plan --since` with the safe way, and the same plan passes", async function () {
      this.timeout(60_000);
      const folder = mkdtempSync(join(tmpdir(), "since-"));
      const file = join(folder, "before.json");
      const since = () => planCommand().parseAsync(["--stack", "prod", "--json", "--since", file], { from: "user" });
      const log = console.log;
      console.log = () => {};
      try {
        const before = await planStack("prod");
        writeFileSync(file, JSON.stringify({ stacks: [before] }));
        await since();
        const shop = before.resources.map((one) =>
          one.name === "database-instance" ? { ...one, inputs: { ...one.inputs, dbName: "shop" } } : one,
        );
        writeFileSync(file, JSON.stringify({ stacks: [{ ...before, resources: shop }] }));
        await assert.rejects(since(), /Data would be lost[\s\S]*replaced \(dbName\).*second stack/);
        for (const [text, why] of [
          ["{", /holds no plans: .*JSON/],
          ["null", /holds no plans: .*expected object, received null\.$/],
          ['{"stacks":[null]}', /holds no plans: .*stacks\.0: .*received null\.$/],
          ['{"stacks":[{"stack":"prod","architecture":"vercel"}]}', /holds no plans: .*stacks\.0\.resources: /],
        ] as const) {
          writeFileSync(file, text);
          await assert.rejects(since(), (error: Error) => {
            assert.ok(error instanceof UserError, String(error));
            assert.match(error.message, why);
            return true;
          });
        }
      } finally {
        console.log = log;
        rmSync(folder, { recursive: true });
      }
    });

    it("is not asked of a folder without stacks, which is told", async () => {
      const folder = mkdtempSync(join(tmpdir(), "no-stack-"));
      try {
        await assert.rejects(
          planCommand().parseAsync(["--cwd", folder], { from: "user" }),
          /^UserError: There is no Pulumi\.<stack>\.yaml here: write one with `platform init`/,
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it("asks for nothing where a property is left to AWS, or a change is ignored", () => {
      const { dbName: _, ...rest } = databaseOf(base())?.inputs ?? {};
      const restored = changed("database-instance", (one) => ({
        ...one,
        inputs: { ...rest, snapshotIdentifier: "s" },
      }));
      assert.deepEqual(dataChanges(base(), restored), []);
    });

    const safe: [string, () => Plan][] = [
      ["another name of the site, to which the gates lead", () => changed("traffic-serving", inputs({ name: "b.kr" }))],
      ["a key that nothing protects, made anew", () => changed("app-probe-token", inputs({ length: 40 }))],
    ];
    for (const [title, renewed] of safe) {
      it(`is not lost, for \`plan --since\` as for a flip: ${title}`, () => {
        const replaced = changesOf(base(), renewed()).filter(({ operation }) => operation === "replace");
        assert.ok(replaced.length > 0, "it is replaced");
        assert.deepEqual(renderDataChanges(dataChanges(base(), renewed())), []);
        assert.deepEqual(flipOf(base(), renewed(), flipFacts).data.lost, []);
      });
    }

    // `flip` and `review` read the one model of changes that `plan --since` reads, so they answer alike.
    const alike: [string, (one: PlannedResource) => PlannedResource, string][] = [
      [
        "the same values in another order of keys",
        (one) => ({
          ...one,
          ignoreChanges: [],
          inputs: {
            ...one.inputs,
            restoreToPointInTime: { useLatestRestorableTime: true, sourceDbInstanceIdentifier: "a" },
          },
        }),
        "keep",
      ],
      ["a property that is left to AWS", (one) => ({ ...one, inputs: without(one.inputs, "dbName") }), "keep"],
      [
        "a part that is ignored",
        (one) => ({ ...one, ignoreChanges: ["tags.owner"], inputs: { ...one.inputs, tags: { owner: "b" } } }),
        "keep",
      ],
      [
        "a part beside one that is ignored",
        (one) => ({ ...one, ignoreChanges: ["tags.owner"], inputs: { ...one.inputs, tags: { team: "b" } } }),
        "update",
      ],
      [
        "a replacing part beside one that is ignored",
        (one) => ({ ...one, ignoreChanges: ["dbName.of"], inputs: { ...one.inputs, dbName: "shop" } }),
        "replace",
      ],
      ["a replacing one", (one) => ({ ...one, inputs: { ...one.inputs, dbName: "shop" } }), "replace"],
    ];
    for (const [title, change, operation] of alike) {
      it(`answers for \`plan --since\` as for a flip: ${title}`, () => {
        const before = changed("database-instance", (one) => ({
          ...one,
          inputs: {
            ...one.inputs,
            tags: { owner: "a" },
            restoreToPointInTime: { sourceDbInstanceIdentifier: "a", useLatestRestorableTime: true },
          },
        }));
        const after = { ...before, resources: before.resources.map((one) => (isDatabase(one) ? change(one) : one)) };
        const found = changesOf(before, after).find(({ name }) => name === "database-instance");
        assert.equal(found?.operation, operation, found?.properties.join(", "));
        assert.equal(dataChanges(before, after).length, operation === "replace" ? 1 : 0);
        assert.equal(flipOf(before, after, flipFacts).data.safe, operation !== "replace");
      });
    }
  });
});

const isDatabase = ({ name }: PlannedResource) => name === "database-instance";
const without = (inputs: PlannedResource["inputs"], key: string) =>
  Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== key));
const databaseOf = ({ resources }: Plan) => resources.find(isDatabase);
