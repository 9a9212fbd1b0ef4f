import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Severity } from "../../core/web-tier";
import { policyDocument } from "../aws/iam";

export interface AlertsArgs {
  /** E-mail addresses; each must confirm its subscription before it receives anything. */
  readonly emails: readonly string[];
  /** Phone numbers in E.164 form that receive pages. SMS is charged a message, and starts in a sandbox of verified numbers. */
  readonly phones: readonly string[];
}

/** AWS services that publish to the topics. */
const publishers = ["cloudwatch", "events", "budgets", "backup"].map((service) => `${service}.amazonaws.com`);

/**
 * Two topics: `page` wakes somebody (e-mail and SMS), `warning` informs (e-mail). They have no encryption key: alarms cannot
 * publish to a topic with the AWS-managed key, and a key of one's own costs 1 USD a month for messages that hold no secret.
 */
export class Alerts extends pulumi.ComponentResource {
  readonly topics: Readonly<Record<Severity, pulumi.Output<string>>>;

  constructor(name: string, args: AlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Alerts", name, {}, opts);
    const account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;
    const topic = (severity: Severity) => {
      const created = new aws.sns.Topic(
        `${name}-${severity}`,
        { displayName: `${pulumi.getStack()} ${severity}` },
        { parent: this },
      );
      new aws.sns.TopicPolicy(
        `${name}-${severity}-policy`,
        {
          arn: created.arn,
          policy: policyDocument(
            {
              Sid: "AlarmsAndEvents",
              Effect: "Allow",
              Principal: { Service: publishers },
              Action: "sns:Publish",
              Resource: created.arn,
              Condition: { StringEquals: { "aws:SourceAccount": account } },
            },
            {
              Sid: "TlsOnly",
              Effect: "Deny",
              Principal: "*",
              Action: "sns:Publish",
              Resource: created.arn,
              Condition: { Bool: { "aws:SecureTransport": "false" } },
            },
          ),
        },
        { parent: this },
      );
      const subscribe = (protocol: "email" | "sms", endpoint: string) =>
        new aws.sns.TopicSubscription(
          `${name}-${severity}-${protocol}-${endpoint}`,
          { topic: created.arn, protocol, endpoint },
          { parent: this },
        );
      for (const email of args.emails) subscribe("email", email);
      if (severity === "page") for (const phone of args.phones) subscribe("sms", phone);
      return created.arn;
    };
    this.topics = { page: topic("page"), warning: topic("warning") };
    this.registerOutputs({ topics: this.topics });
  }
}
