import type { Cause } from "./cause";
import { certificateDnsCauses } from "./certificate-dns";
import { databaseCauses } from "./database-causes";
import { machineCauses } from "./machines";
import { networkCauses } from "./network-causes";
import { processCauses } from "./processes";
import { releaseCauses } from "./releases";
import { resourceCauses } from "./resources";
import { symptomCauses } from "./symptoms";
import { vercelCauses } from "./vercel-causes";

/**
 * What can take a site down, in AWS's, PostgreSQL's, Prisma's, Node's and Vercel's own documented words. The order is of no
 * consequence. To add a cause: add a row to the file of what fails.
 */
export const CAUSES: readonly Cause[] = [
  ...machineCauses,
  ...resourceCauses,
  ...processCauses,
  ...releaseCauses,
  ...networkCauses,
  ...databaseCauses,
  ...certificateDnsCauses,
  ...vercelCauses,
  ...symptomCauses,
];
