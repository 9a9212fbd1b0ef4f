import * as pulumi from "@pulumi/pulumi";
import { readStack } from "./stacks/config";
import { liveGates, openGates } from "./stacks/gates";
import { deploySite } from "./stacks/site";

/** Settings -> site -> outputs. An async function, because it waits at its gates before traffic moves and before it ends. */
export = async () => {
  const config = readStack();
  const gates = pulumi.runtime.isDryRun() ? openGates : liveGates({ ...config.settings.gates, region: config.region });
  return deploySite(config, gates);
};
