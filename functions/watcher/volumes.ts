import { DescribeVolumesCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { DescribeKeyCommand, type KMSClient } from "@aws-sdk/client-kms";

/**
 * Whether a volume of the server is encrypted by a key that is not AWS's own (`aws/ebs`). To start such a server takes a grant of that
 * key, about which its own policy decides. A key that tells nothing of itself counts as one.
 */
export async function hasCustomerKey(ec2: EC2Client, kms: KMSClient, instanceId: string): Promise<boolean> {
  const Filters = [{ Name: "attachment.instance-id", Values: [instanceId] }];
  const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({ Filters }));
  const keys = new Set(Volumes.flatMap(({ KmsKeyId }) => KmsKeyId ?? []));
  const managers = await Promise.all(
    [...keys].map((KeyId) =>
      kms.send(new DescribeKeyCommand({ KeyId })).then(
        ({ KeyMetadata }) => KeyMetadata?.KeyManager,
        () => undefined,
      ),
    ),
  );
  return managers.some((manager) => manager !== "AWS");
}
