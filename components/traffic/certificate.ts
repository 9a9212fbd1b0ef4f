import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface CertificateArgs {
  readonly domain: string;
  /** Further names on the certificate. Changing them replaces it; the old one serves until the new one is valid. */
  readonly alternativeNames: readonly string[];
  readonly zoneId: pulumi.Input<string>;
}

/** An ACM certificate, validated by DNS; free, and renewed by itself as long as its validation records stand. */
export class Certificate extends pulumi.ComponentResource {
  /** ARN of the certificate, known only once it is valid: what uses it waits for the validation. */
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Certificate", name, {}, opts);
    const child = { parent: this };
    const certificate = new aws.acm.Certificate(
      `${name}-certificate`,
      {
        domainName: args.domain,
        subjectAlternativeNames: [...args.alternativeNames],
        validationMethod: "DNS",
      },
      child,
    );
    const records = [args.domain, ...args.alternativeNames].map((host) => {
      const option = certificate.domainValidationOptions.apply((options) => {
        const own = options.find(({ domainName }) => domainName === host);
        if (!own) throw new Error(`ACM names no validation record for ${host}`);
        return own;
      });
      return new aws.route53.Record(
        `${name}-${host}`,
        {
          zoneId: args.zoneId,
          name: option.resourceRecordName,
          type: option.resourceRecordType,
          records: [option.resourceRecordValue],
          ttl: 300,
          // A certificate asked for twice is validated by the same record.
          allowOverwrite: true,
        },
        child,
      );
    });
    const validation = new aws.acm.CertificateValidation(
      `${name}-validation`,
      { certificateArn: certificate.arn, validationRecordFqdns: records.map((record) => record.fqdn) },
      child,
    );
    this.arn = validation.certificateArn;
    this.registerOutputs({ arn: this.arn });
  }
}
