import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Tags } from "../adoption/found";
import type { NamedSettings } from "../config";
import { mostRedirects } from "../settings/settings-rules";
import { type KnownResource, knownAs } from "../state";

const [RECORD, PARAMETER] = ["aws:route53/record:Record", "aws:ssm/parameter:Parameter"];
const RULE = "aws:lb/listenerRule:ListenerRule";

/** Stops a change of `domain.zone` that would end in a stack that no `up` cures, before anything is created. */
export const refuseZone = async (known: readonly KnownResource[], config: NamedSettings, isThere = zoneIsThere) =>
  refuse(await zoneBarred(known, config, isThere));

/**
 * And one of names that is set back in the midst of a change: the engine deletes what the state has marked for it when an update ends,
 * under whatever name the program has by then, so the site, or the stack's parameters, would be gone under the name that they got back.
 */
export const refuseNames = (known: readonly KnownResource[], config: NamedSettings, zoneId: string | undefined) =>
  refuse(siteBarred(known, config, zoneId) ?? stackBarred(known, config) ?? redirectBarred(known, config));

function refuse(why: Barred): void {
  if (why) throw new pulumi.RunError(`${why.join("\n")}\nNothing was changed.`);
}

type Barred = readonly string[] | undefined;

/**
 * Whether AWS has a zone: one that is lost is replaced by a new one. What the look-up says of one that is not there is what Route 53 says,
 * or what terraform-plugin-sdk makes of it (`retry.NotFoundError`); any other failure tells nothing of the zone.
 */
export async function zoneIsThere(zoneId: string, look: Look = aws.route53.getZone): Promise<boolean> {
  try {
    await look({ zoneId });
    return true;
  } catch (error) {
    if (/NoSuchHostedZone|couldn't find resource/.test(String(error))) return false;
    throw error;
  }
}

type Look = (args: { readonly zoneId: string }) => Promise<unknown>;

/** A zone cannot take another one's place under a site that is live. */
async function zoneBarred(
  known: readonly KnownResource[],
  { stack, settings: { domain } }: NamedSettings,
  isThere: (zoneId: string) => Promise<boolean>,
): Promise<Barred> {
  const [live] = knownAs(known, RECORD, "traffic-serving");
  const [made] = knownAs(known, "aws:route53/zone:Zone", "dns-zone");
  const set = (zone: string) => `  pulumi config set --stack ${stack} --path iamvet:domain.zone ${zone}`;
  if (made && !(await isThere(String(made.id)))) {
    return [
      `The zone ${made.id} that this stack has made is gone from AWS. Let the state know, then run \`pulumi up\` again:`,
      `  pulumi refresh --stack ${stack}`,
    ];
  }
  if (domain.zone === "new" && live && !made && (await isThere(String(live.inputs?.zoneId)))) {
    return [
      `domain.zone is \`new\`, and the site is live in the zone ${live.inputs?.zoneId}: a new one would have none of its records when`,
      "visitors are sent there.",
      "Keep the zone that there is:",
      set("existing"),
      "To move the site into another zone, make it by hand, copy every record, change the name servers at the registrar, and delete",
      "the old zone when their TTL (2 days at most registrars) is over; then `pulumi up` takes the copied records over.",
    ];
  }
  if (domain.zone !== "existing" || !made) return undefined;
  const home = live && String(live.inputs?.zoneId);
  if (home !== undefined && (home === made.id || !(await isThere(home)))) {
    return [
      "domain.zone is `existing`, and the zone is this stack's own: it would be deleted, with every record of the site. Keep it:",
      set("new"),
    ];
  }
  return [
    `domain.zone is \`existing\`, and this stack has made the zone ${made.id}, in which no site is live; a look-up of its name would find`,
    "two. Delete the one that it made, then run `pulumi up` again:",
    `  pulumi state unprotect --yes --stack ${stack} '${made.urn}'`,
    // What a live site has may depend on it, and stays.
    `  pulumi destroy --stack ${stack} --target '${made.urn}'${live ? "" : " --target-dependents"}`,
  ];
}

/** A change of the site's name that was cut off has to go on before it can be taken back. */
function siteBarred(known: readonly KnownResource[], { stack, settings }: NamedSettings, zoneId?: string): Barred {
  const { domain } = settings;
  const slots = ["serving", "canary"].flatMap((slot) => knownAs(known, RECORD, `traffic-${slot}`));
  const isWanted = ({ inputs }: KnownResource) => inputs?.name === domain.name && inputs.zoneId === zoneId;
  // The canary's record is written first where it has all the visitors.
  const now = slots.find((one) => !one.delete && !isWanted(one))?.inputs;
  if (!now || !slots.some((one) => one.delete && isWanted(one))) return undefined;
  const name = String(now.name);
  // The records that are to go come first: of those the visitors are.
  const hosts = [domain.name, ...domain.redirectFrom].filter((host) => host !== name);
  const redirects = hosts.slice(0, mostRedirects(settings));
  const set = (path: string, value: string) =>
    `  pulumi config set --stack ${stack} --path 'iamvet:domain.${path}' ${value}`;
  return [
    `domain.name is ${domain.name}, and an update that moved the site to ${name} was cut off: the engine is still going to delete the`,
    `records of ${domain.name} that it has replaced. Go on with it, and change the name back when it has ended:`,
    ...(name === domain.name ? [] : [set("name", name)]),
    ...(name === domain.name ? [] : redirects.map((host, index) => set(`redirectFrom[${index}]`, host))),
    ...(now.zoneId === zoneId ? [] : [`  (domain.zoneName is the name of the zone ${now.zoneId})`]),
    `  pulumi up --stack ${stack}`,
  ];
}

/**
 * A name that redirects today cannot become the site's own in the update that ends all redirects: the load balancer's rule goes when that
 * update ends, so until then whoever asks for the name, the gates too, is sent to the name that the update takes away.
 */
function redirectBarred(known: readonly KnownResource[], { stack, settings: { domain } }: NamedSettings): Barred {
  const [rule] = knownAs(known, RULE, "load-balancer-redirect").filter((one) => !one.delete);
  const { conditions, actions } = (rule?.inputs ?? {}) as Partial<RedirectRule>;
  const to = actions?.[0]?.redirect?.host;
  if (domain.redirectFrom.length > 0 || !to || !conditions?.[0]?.hostHeader?.values.includes(domain.name)) return;
  return [
    `domain.name is ${domain.name}, which still redirects to ${to}, and domain.redirectFrom is empty: visitors would be led in a circle`,
    `until the update ends. Let ${to} redirect in the same update, and take it away in a later one:`,
    `  pulumi config set --stack ${stack} --path 'iamvet:domain.redirectFrom[0]' ${to}`,
    `  pulumi up --stack ${stack}`,
  ];
}

/** The arguments of the rule `load-balancer-redirect` (components/traffic/load-balancer.ts). */
interface RedirectRule {
  readonly conditions: readonly { readonly hostHeader?: { readonly values: readonly string[] } }[];
  readonly actions: readonly { readonly redirect?: { readonly host: string } }[];
}

/** And so has one of the stack's name, which its parameters bear, and whatever else is named by it. */
function stackBarred(known: readonly KnownResource[], { project, stack }: NamedSettings): Barred {
  const stackOf = ({ type, inputs }: KnownResource): string | undefined =>
    type === PARAMETER && String(inputs?.name).startsWith(`/${project}/`)
      ? String(inputs?.name).split("/")[2]
      : (inputs?.tags as Tags | undefined)?.Stack;
  const [first] = known.flatMap((goes) => {
    if (!goes.delete || stackOf(goes) !== stack) return [];
    const now = known.find(({ urn, delete: marked }) => urn === goes.urn && !marked);
    const other = now && stackOf(now);
    return other && other !== stack ? [{ goes, other }] : [];
  });
  if (!first) return undefined;
  const { goes, other } = first;
  const called = goes.type === PARAMETER ? goes.inputs?.name : goes.urn.split("::").at(-1);
  return [
    `The stack is ${stack}, and an update was cut off while it was called ${other}: the engine is still going to delete`,
    `${called}, which that update has replaced. Go on with it, and rename the stack back when it has ended:`,
    `  pulumi stack rename ${other} --stack ${stack}`,
    `  pulumi up --stack ${other}`,
    `  pulumi stack rename ${stack} --stack ${other}`,
  ];
}
