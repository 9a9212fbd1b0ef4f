import { type Account, type Found, type Inputs, tagsOf, unlessMissing } from "./found";

export async function database({ identifier }: Inputs, account: Account): Promise<Found | undefined> {
  const { RDSClient, DescribeDBInstancesCommand } = await import("@aws-sdk/client-rds");
  const id = String(identifier);
  const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: id });
  const answer = await unlessMissing(
    new RDSClient(account).send(asked),
    "DBInstanceNotFound",
    "DBInstanceNotFoundFault",
  );
  const found = answer?.DBInstances?.[0];
  return found && { id, tags: tagsOf(found.TagList) };
}
