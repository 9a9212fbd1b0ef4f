import { CloudWatchClient, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { receiver } from "./receiver";

const cloudWatch = new CloudWatchClient({ maxAttempts: 5 });

/** Entry point of the Lambda function. Environment: METRIC_NAMESPACE, METRIC_NAME, SITE, and TOKEN_SHA256 with a webhook. */
export const handler = receiver({
  tokenSha256: process.env.TOKEN_SHA256,
  write: async (healthy) => {
    await cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: process.env.METRIC_NAMESPACE,
        MetricData: [
          {
            MetricName: process.env.METRIC_NAME,
            Dimensions: [{ Name: "Site", Value: process.env.SITE }],
            Value: healthy,
            Timestamp: new Date(),
          },
        ],
      }),
    );
  },
});
