import { readFileSync } from "node:fs";
import { providerCalls } from "../../core/calls/provider";
import { withheld } from "../../core/calls/withheld";
import type { Plan } from "../../core/plan-format";
import { requestAction } from "../calls/actions";
import type { Conversion } from "../provider/convert";

/** Makes the provider write every request that it makes into a file. */
export const logging = (file: string) => ({ TF_LOG_PROVIDER: "DEBUG", TF_LOG_PATH: file });

/** Requests by the type of resource that they were made for, as `aws_instance EC2 RunInstances`. */
export function requestsIn(
  log: string,
): { readonly type: string; readonly service: string; readonly method: string }[] {
  const seen = new Map<string, { type: string; service: string; method: string }>();
  for (const line of log.split("\n")) {
    if (!line.includes("HTTP Request Sent")) continue;
    // A value with a space in it stands in quotation marks.
    const value = (key: string) =>
      new RegExp(`\\b${key.replace(".", "\\.")}=(?:"([^"]*)"|(\\S+))`).exec(line)?.slice(1).find(Boolean);
    const [type, service, method] = [value("tf_resource_type"), value("rpc.service"), value("rpc.method")];
    if (type && service && method) seen.set(`${type} ${service} ${method}`, { type, service, method });
  }
  return [...seen.values()];
}

/**
 * What the provider asked of AWS and the table does not grant for the type of resource that it was asked for.
 *
 * @returns how many different calls were seen, and the problems
 */
export function ungranted(file: string, plan: Plan, { addresses }: Conversion): { seen: number; problems: string[] } {
  const keys = new Map<string, Set<string>>();
  for (const { urn, type } of plan.resources) {
    const terraform = addresses.get(urn)?.split(".")[0];
    if (!terraform) continue;
    const key = type.replace(/^aws:(\w+)\/\w+:(\w+)$/, "$1/$2");
    keys.set(terraform, (keys.get(terraform) ?? new Set()).add(key));
  }
  const requests = requestsIn(readFileSync(file, "utf8"));
  const problems = requests.flatMap(({ type, service, method }) => {
    const action = requestAction(service, method);
    const uses = [...(keys.get(type) ?? [])].flatMap((key) => providerCalls[key] ?? []);
    const granted = uses.some(({ read, write }) => read.includes(action) || write.includes(action));
    return granted || action in withheld ? [] : [`${[...(keys.get(type) ?? [type])].join(", ")}: ${action}`];
  });
  return { seen: requests.length, problems: [...new Set(problems)].sort() };
}
