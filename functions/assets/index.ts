import { S3Client } from "@aws-sdk/client-s3";
import { assetHandler } from "./asset-handler";
import { inMemory } from "./cache";
import { s3Store } from "./store";
import { tierAsker } from "./tiers";

const { BUCKET = "", ORIGIN = "", SITE = "", PROBE_HEADER = "", PROBE_VALUES = "[]" } = process.env;

/** Entry point of the Lambda function behind the load balancer. Environment: BUCKET, ORIGIN, SITE, PROBE_HEADER, PROBE_VALUES. */
export const handler = assetHandler({
  store: inMemory(s3Store(new S3Client({}), BUCKET)),
  askTiers: tierAsker({ origin: ORIGIN, host: SITE, header: PROBE_HEADER, values: JSON.parse(PROBE_VALUES) }),
  probeHeader: PROBE_HEADER,
  log: (text) => void process.stderr.write(`${text}\n`),
});
