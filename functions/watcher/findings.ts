import { type Hold, isYoung } from "./judge";
import { failing, isDown, type Observed } from "./observed";

/** Something that a person should know, and that no restart mends. */
export interface Finding {
  readonly key: string;
  readonly text: string;
}

/** Days that a certificate has left when its renewal, due 30 days before its end, has certainly failed. */
const RENEWAL_FAILED_DAYS = 14;

/**
 * What one look found beside whether the site is down. Pure.
 *
 * @param addresses the server's own
 * @param hold why nothing is done about a site that is down
 */
export function listFindings(seen: Observed, addresses: readonly string[], hold: Hold | undefined): Finding[] {
  const { name, address, server, around } = seen;
  const shown = [name, address].find(({ certificate }) => certificate !== undefined);
  const left = [name, address].find(({ daysLeft }) => daysLeft !== undefined)?.daysLeft;
  const elsewhere = around !== undefined && !around.resolved.some((one) => addresses.includes(one));
  const found: readonly (false | undefined | Finding)[] = [
    isDown(seen) && hold && { key: `held-${hold.cause}`, text: `The site is down, and nothing is done: ${hold.why}.` },
    shown && {
      key: "certificate",
      text: `The certificate is not valid (${shown.certificate}): browsers refuse the site. No restart mends it; renew it.`,
    },
    !shown &&
      left !== undefined &&
      left < RENEWAL_FAILED_DAYS && {
        key: "certificate-renewal",
        text: `The certificate ends in ${Math.floor(left)} days: its renewal, due 30 days before, does not work.`,
      },
    failing(name) &&
      around?.control === true &&
      elsewhere && {
        key: "dns",
        text:
          around.resolved.length === 0
            ? "The public name resolves to nothing. Look at the zone and its delegation."
            : `The public name resolves to ${around.resolved.join(", ")}, which is not the server.`,
      },
    failing(name) &&
      !failing(address) &&
      !elsewhere && {
        key: "name",
        text: `The server answers at its address, and not by the public name (${name.error ?? name.status}).`,
      },
    server.state === "running" &&
      !isYoung(seen) &&
      !server.managed && {
        key: "unmanaged",
        text:
          "Systems Manager does not reach the server, so the recovery could not help it. An adopted server gets its rights by " +
          "`platform attach`; its agent must run (`systemctl status amazon-ssm-agent`, or `snap.amazon-ssm-agent...` on Ubuntu).",
      },
    server.volumeCheck === "impaired" && {
      key: "volume",
      text: "A disk of the server does not answer (the status check of its EBS volumes fails).",
    },
    server.systemCheck === "impaired" && {
      key: "system-check",
      text: "The machine under the server fails its check; EC2 moves the server by itself.",
    },
  ];
  return found.filter((one): one is Finding => typeof one === "object");
}
