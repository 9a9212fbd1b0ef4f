import { Region } from "@pulumi/aws/types/enums";

/**
 * Regions of AWS' commercial partition, as the provider knows them. Those of China, of governments and of the European Sovereign
 * Cloud are accounts of their own kind, with other names for everything that is written here.
 */
export const awsRegions: readonly string[] = Object.values(Region).filter(
  (region) => !/^(cn|us-gov|us-iso|eu-iso|eusc)/.test(region),
);
