import { z } from "zod";
import { choice, text } from "../settings-fields";

export const ciSettings = z
  .strictObject({
    repository: text(
      /^[\w.@-]+\/[\w.@-]+$/,
      "GitHub repository whose workflows deploy the stack without keys, as its OIDC tokens name it; without it no role is made.",
      "owner/name; owner@id/name@id for a repository made after June 2026, as its OIDC settings show",
      "iamvet/site",
    ).optional(),
    environment: text(
      /^[\w.-]{1,255}$/,
      "GitHub environment whose jobs may deploy. @default the stack's name",
      "letters, digits, . _ and -",
      "prod",
    ).optional(),
    branch: text(
      /^[\w./-]{1,255}$/,
      "Branch that is deployed, and looked at for drift.",
      "the name of a branch",
      "main",
    ).default("main"),
    provider: choice(
      ["new", "existing"],
      "Whether the stack makes IAM's provider for GitHub. An account has one: existing in its second stack.",
    ).default("new"),
    stateBucket: text(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "Bucket of the Pulumi state, where it is on S3.",
      "the name of a bucket",
      "iamvet-pulumi-123456789012-ap-northeast-2",
    ).optional(),
    stateKeyArn: text(
      /^arn:aws[\w-]*:kms:[\w-]+:\d{12}:key\/[\w-]+$/,
      "KMS key that encrypts the stack's secrets.",
      "the ARN of a key (not of its alias)",
      "arn:aws:kms:ap-northeast-2:123456789012:key/0a1b2c3d-0000-4000-8000-0123456789ab",
    ).optional(),
    releaseBucket: text(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "Bucket for releases of the app, where a server of the stack runs them.",
      "the name of a bucket",
      "iamvet-releases",
    ).optional(),
  })
  .prefault({})
  .describe("Deployment from GitHub without keys.");
