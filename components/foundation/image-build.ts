import * as aws from "@pulumi/aws";
import * as docker from "@pulumi/docker-build";
import * as pulumi from "@pulumi/pulumi";

export interface ImageBuildArgs {
  /** Folder with the app and its Dockerfile. */
  readonly context: string;
  readonly repositoryUrl: pulumi.Input<string>;
  /** Tag of the image; repositories refuse one that exists already. */
  readonly tag: string;
  readonly platforms: readonly ("linux/arm64" | "linux/amd64")[];
  /** Build arguments of the Dockerfile; they stay readable in the image's history. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Values that only the build may see, by the id under which the Dockerfile mounts them; never a layer, an argument or a variable. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
}

/**
 * Builds the app's image during `pulumi up` and pushes it; needs Docker with BuildKit. It is written on `@pulumi/docker-build`, the
 * engine inside `awsx.ecr.Image`, because that one passes no build secrets, and the key of Server Actions is one; nor does it build
 * for two platforms. (Inputs of `awsx.ecr.Image` in awsx 3.9.0, read 2026-11-26: args, builderVersion, cacheFrom, context, dockerfile,
 * imageName, imageTag, platform, registryId, repositoryUrl, target.)
 */
export class ImageBuild extends pulumi.ComponentResource {
  /** Image with its digest. */
  readonly uri: pulumi.Output<string>;

  constructor(name: string, args: ImageBuildArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:ImageBuild", name, {}, opts);
    const child = { parent: this };
    const login = aws.ecr.getAuthorizationTokenOutput({}, child);
    const image = new docker.Image(
      `${name}-image`,
      {
        context: { location: args.context },
        platforms: [...args.platforms],
        buildArgs: { ...args.buildArgs },
        secrets: Object.fromEntries(Object.entries(args.secrets).map(([key, value]) => [key, pulumi.secret(value)])),
        tags: [pulumi.interpolate`${args.repositoryUrl}:${args.tag}`],
        push: true,
        // A preview must not need Docker.
        buildOnPreview: false,
        registries: [
          { address: login.proxyEndpoint, username: login.userName, password: pulumi.secret(login.password) },
        ],
      },
      child,
    );
    this.uri = image.ref;
    this.registerOutputs({ uri: this.uri });
  }
}
