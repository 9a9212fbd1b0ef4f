import { reason } from "../../../../core/errors";
import { liveNames } from "../../../../stacks/gates/names";
import { askAll } from "../../../../stacks/gates/probe";
import { type AwsAccess, askAws } from "../../../lib/aws-access";
import type { Ask } from "./migrate-watcher";

/** Longest time that a snapshot may take, in seconds; the first one of a large database is the slow one. */
const SNAPSHOT_SECONDS = 3600;

/** Copies the database and waits until the copy can be restored from. It stays until somebody deletes it. */
export async function snapshotDatabase(access: AwsAccess, identifier: string, name: string): Promise<void> {
  const { RDSClient, CreateDBSnapshotCommand, waitUntilDBSnapshotAvailable } = await import("@aws-sdk/client-rds");
  const client = new RDSClient(access.config);
  await askAws(access, `make a snapshot of the database ${identifier}`, async () => {
    await client.send(
      new CreateDBSnapshotCommand({
        DBInstanceIdentifier: identifier,
        DBSnapshotIdentifier: name,
        Tags: [{ Key: "CreatedBy", Value: "platform migrate" }],
      }),
    );
    await waitUntilDBSnapshotAvailable(
      { client, maxWaitTime: SNAPSHOT_SECONDS, minDelay: 10, maxDelay: 30 },
      { DBSnapshotIdentifier: name },
    );
  });
}

/** State of alarms by name. Those that do not exist (any more) are left out. */
export function alarmStates(access: AwsAccess) {
  return async (names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    if (names.length === 0) return new Map();
    const { CloudWatchClient, DescribeAlarmsCommand } = await import("@aws-sdk/client-cloudwatch");
    const client = new CloudWatchClient(access.config);
    const { MetricAlarms = [], CompositeAlarms = [] } = await client.send(
      new DescribeAlarmsCommand({ AlarmNames: names.slice(0, 100), AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }),
    );
    return new Map(
      [...MetricAlarms, ...CompositeAlarms].map(({ AlarmName, StateValue }) => [AlarmName ?? "", StateValue ?? ""]),
    );
  };
}

/** Longest time for one answer, in milliseconds. */
const ANSWER_MS = 10_000;

/**
 * Asks tiers as the gates do.
 * @param resolvers DNS servers of the public view. @default the system's
 */
export function asker(resolvers: readonly string[]): Ask {
  const names = liveNames(resolvers);
  return async (probe, expected) => {
    const who = expected.map(({ expectTier, expectVersion }) => ({ tier: expectTier, version: expectVersion }));
    try {
      return await askAll(probe, who, ANSWER_MS, names);
    } catch (error) {
      return reason(error);
    }
  };
}
