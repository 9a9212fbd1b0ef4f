// What the parts of the site in CDK share.
const { Duration } = require("aws-cdk-lib");
const cloudwatch = require("aws-cdk-lib/aws-cloudwatch");
const lambda = require("aws-cdk-lib/aws-lambda");
const logs = require("aws-cdk-lib/aws-logs");
const s3 = require("aws-cdk-lib/aws-s3");

const account = "123456789012";
const region = "ap-northeast-2";
const copyRegion = "ap-northeast-1";
/** The only region with the metrics of Route 53. */
const route53Region = "us-east-1";
const domain = "iamvet.kr";
const port = 3000;
const healthPath = "/api/health-external";
const retention = logs.RetentionDays.THREE_MONTHS;
const emails = [`ops@${domain}`, `oncall@${domain}`];
const minutes = Duration.minutes;

const comparisons = {
  ">": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
  ">=": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  "<": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
};

/** A bucket that only this site uses, over TLS, and that cleans itself up. */
const bucket = (stack, id, expire, cors) =>
  new s3.Bucket(stack, id, {
    cors,
    encryption: s3.BucketEncryption.S3_MANAGED,
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    lifecycleRules: [
      { id: "expire", ...expire },
      { id: "abort-uploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ],
  });

/** A function with its own logs, role and, for later, grants. */
const lambdaFunction = (stack, id, props) =>
  new lambda.Function(stack, id, {
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    handler: "index.handler",
    code: lambda.Code.fromInline("exports.handler = async () => {};"),
    logGroup: new logs.LogGroup(stack, `${id}-logs`, { retention }),
    loggingFormat: lambda.LoggingFormat.JSON,
    systemLogLevelV2: lambda.SystemLogLevel.WARN,
    applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
    ...props,
  });

const dashboardUrl = (name) =>
  `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${name}`;

module.exports = {
  account,
  region,
  copyRegion,
  route53Region,
  domain,
  port,
  healthPath,
  retention,
  emails,
  minutes,
  comparisons,
  bucket,
  lambdaFunction,
  dashboardUrl,
};
