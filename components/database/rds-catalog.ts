/**
 * What RDS for PostgreSQL offers, as far as it was known when this was written: instance classes in at least one region, and the
 * minor versions with which an instance can be created. Source: the lists of cfn-lint 1.58.0, read 2026-11-26 (a family that has
 * a newer one in every region is left out). What AWS added later is unknown here, not wrong: `database.unlisted` lets
 * it pass.
 */
export const CATALOG_SOURCE = "cfn-lint 1.58.0, 2026-11-26";

const LARGE = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge";
const LARGER = `${LARGE} 24xlarge`;

/** Family -> GiB of memory for each vCPU, and its sizes. */
const families: Readonly<Record<string, { readonly gibPerVcpu: number; readonly sizes: string }>> = {
  ...same("t3 t4g", 4, "micro small medium large xlarge 2xlarge"),
  ...same("m6g m6gd m7g", 4, LARGE),
  ...same("m5 m5d", 4, LARGER),
  ...same("m6i m6id m6idn m6in", 4, `${LARGER} 32xlarge`),
  ...same("m7i m8a m8g m8gd m9g", 4, `${LARGER} 48xlarge`),
  ...same("m8i", 4, `${LARGER} 32xlarge 48xlarge 96xlarge`),
  ...same("r6g r6gd r7g", 8, LARGE),
  ...same("r5 r5b r5d", 8, LARGER),
  ...same("r6i r6id r6idn r6in", 8, `${LARGER} 32xlarge`),
  ...same("r7i r8a r8g r8gd", 8, `${LARGER} 48xlarge`),
  ...same("r8i", 8, `${LARGER} 32xlarge 48xlarge 96xlarge`),
  ...same("x2g", 16, LARGE),
  ...same("x2idn", 16, "16xlarge 24xlarge 32xlarge"),
  ...same("x2iedn", 32, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge"),
};

function same(names: string, gibPerVcpu: number, sizes: string) {
  return Object.fromEntries(names.split(" ").map((name) => [name, { gibPerVcpu, sizes }]));
}

/** Burstable sizes under `large` have their own ratio. */
const SMALL_GIB: Readonly<Record<string, number>> = { micro: 1, small: 2, medium: 4 };

/** Major version -> first and last minor version with which an instance can be created. */
export const postgresMinors: Readonly<Record<string, readonly [first: number, last: number]>> = {
  14: [18, 24],
  15: [13, 19],
  16: [9, 15],
  17: [5, 11],
  18: [1, 6],
};

/** Whether RDS has a class, as far as the catalog knows. */
export function isKnownClass(instanceClass: string): boolean {
  const [, family = "", size = ""] = instanceClass.split(".");
  return families[family]?.sizes.split(" ").includes(size) ?? false;
}

/** Sizes of the class's family, or the families, for a message. */
export function classesLike(instanceClass: string): string {
  const family = instanceClass.split(".")[1] ?? "";
  const sizes = families[family]?.sizes;
  return sizes
    ? `db.${family} comes as ${sizes.split(" ").join(", ")}`
    : `the families ${Object.keys(families).join(", ")}`;
}

/** Whether RDS creates instances of a version; a major version alone stands for its newest minor. */
export function isKnownVersion(version: string): boolean {
  const [major = "", minor] = version.split(".");
  const range = postgresMinors[major];
  return range !== undefined && (minor === undefined || (Number(minor) >= range[0] && Number(minor) <= range[1]));
}

/** Memory of a class in GiB; undefined for one that the catalog does not know. */
export function memoryGib(instanceClass: string): number | undefined {
  const [, family = "", size = ""] = instanceClass.split(".");
  const found = families[family];
  if (!found?.sizes.split(" ").includes(size)) return undefined;
  return SMALL_GIB[size] ?? vcpus(size) * found.gibPerVcpu;
}

/** `large` has 2 vCPUs, `xlarge` 4, `2xlarge` 8. */
function vcpus(size: string): number {
  return size === "large" ? 2 : 4 * Number(/^(\d*)xlarge$/.exec(size)?.[1] || 1);
}

/**
 * `max_connections` of RDS for PostgreSQL is LEAST(DBInstanceClassMemory / 9531392, 5000), where DBInstanceClassMemory is what
 * RDS and the operating system leave of the memory: about three quarters on the smallest classes, which is assumed for all.
 */
export function connectionLimit(instanceClass: string): number | undefined {
  const gib = memoryGib(instanceClass);
  return gib === undefined ? undefined : Math.min(5000, Math.floor((gib * 2 ** 30 * 0.75) / 9_531_392));
}
