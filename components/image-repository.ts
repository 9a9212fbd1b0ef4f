import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

/** The ECR repository of the app's image: tags never move, images are scanned, old ones go. About 0.10 USD a GB and month. */
export class ImageRepository extends pulumi.ComponentResource {
  /** Repository URI, without tag or digest. */
  readonly url: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    args: { /** Images kept; older ones expire. */ readonly keep: number },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("iamvet:index:ImageRepository", name, {}, opts);
    const repository = new aws.ecr.Repository(
      `${name}-repository`,
      {
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "AES256" }],
      },
      { parent: this },
    );
    new aws.ecr.LifecyclePolicy(
      `${name}-lifecycle`,
      {
        repository: repository.name,
        policy: JSON.stringify({
          rules: [
            {
              rulePriority: 1,
              description: `Keep the last ${args.keep} images`,
              selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: args.keep },
              action: { type: "expire" },
            },
          ],
        }),
      },
      { parent: this },
    );
    this.url = repository.repositoryUrl;
    this.arn = repository.arn;
    this.registerOutputs({ url: this.url });
  }
}
