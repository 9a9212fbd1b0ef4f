import { DOMAIN } from "../harness/world";

/** What a stack is asked for. */
export interface Wanted {
  readonly architecture: string;
  /** The site's name. @default DOMAIN, to which www leads */
  readonly domain?: { readonly name: string; readonly redirectFrom: readonly string[] };
}

/** One change of a stack. */
export interface Change {
  readonly from: Wanted;
  readonly to: Wanted;
  /** Who makes it. */
  readonly by: "up" | "migrate";
  /** Whether the file is set back after the kill, so that the `up` that follows has to undo it. @default it goes on */
  readonly takenBack?: boolean;
}

const WWW = `www.${DOMAIN}`;
const [root, www, other] = [
  { name: DOMAIN, redirectFrom: [WWW] },
  { name: WWW, redirectFrom: [DOMAIN] },
  { name: `new.${DOMAIN}`, redirectFrom: [DOMAIN] },
];
const server = "monitored-instance";
const flip = (from: string, to: string, by: Change["by"] = "up"): Change => ({
  from: { architecture: from },
  to: { architecture: to },
  by,
});

/** One flip of each family of targets, and who makes it; and changes of the site's name that are taken back. */
export const FAMILIES = {
  "server to balanced": flip(server, "fargate"),
  "balanced to balanced": flip("ha-web-tier", "fargate"),
  "balanced to vercel": flip("fargate", "vercel"),
  "vercel to server": flip("vercel", server),
  "server to balanced, in shares": flip(server, "ha-web-tier", "migrate"),
  "name and redirect change places, taken back": {
    from: { architecture: server, domain: root },
    to: { architecture: server, domain: www },
    by: "up",
    takenBack: true,
  },
  "another name, taken back": {
    from: { architecture: server, domain: root },
    to: { architecture: server, domain: other },
    by: "up",
    takenBack: true,
  },
  "another name and a flip, taken back": {
    from: { architecture: server, domain: root },
    to: { architecture: "fargate", domain: www },
    by: "up",
    takenBack: true,
  },
} as const satisfies Readonly<Record<string, Change>>;

export type Family = keyof typeof FAMILIES;

export const changeOf = (family: Family): Change => FAMILIES[family];

/** A change on one line. */
export const changeText = (family: Family): string => {
  const { from, to } = changeOf(family);
  const [one, other] = [from, to].map(({ architecture, domain }) =>
    domain ? `${architecture} at ${domain.name}` : architecture,
  );
  return `${one} → ${other}`;
};
