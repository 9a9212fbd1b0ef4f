import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { BeforeRollout, MigrationTask, WebTier } from "../core/web-tier";
import { type Gates, knownValue } from "./gates";
import { updating } from "./operation";

/**
 * `prisma migrate deploy` of the release, once an update however many tiers carry it, and once a release: a parameter keeps which
 * one was migrated last. A tier asks for it before it rolls a release out, so no visitor meets code whose tables are not there; an
 * Auto Scaling group that has no instance yet starts its first one, in which it then runs, still before any traffic.
 */
export class Migrations {
  private last: Promise<boolean> = Promise.resolve(false);

  constructor(
    private readonly gates: Gates,
    private readonly args: { readonly release: pulumi.Output<string>; readonly parameter: string },
  ) {}

  readonly beforeRollout: BeforeRollout = async (task) => {
    await this.run(task, false);
  };

  /** Migrates what {@link beforeRollout} could not, and writes down which release was migrated. */
  async finish(tiers: readonly WebTier[]): Promise<void> {
    const migrating = tiers.filter(({ migration }) => migration !== undefined);
    if (migrating.length === 0) return;
    if (updating()) {
      for (const { tier, migration } of migrating) {
        const task = await knownValue(migration as pulumi.Output<MigrationTask>, `the migration task of ${tier}`);
        await this.run(task as MigrationTask, true);
      }
    }
    new aws.ssm.Parameter("migrated", {
      name: this.args.parameter,
      type: "String",
      description: "Release whose database migrations were applied last, and the database",
      value: this.args.release,
    });
  }

  /** One at a time: the second tier of an update finds done what the first one did. */
  private run(task: MigrationTask, required: boolean): Promise<boolean> {
    this.last = this.last.then(async (done) => {
      if (done) return true;
      const release = await knownValue(this.args.release, "the release");
      return this.gates.migrated({ release, parameter: this.args.parameter, task, required });
    });
    return this.last;
  }
}
