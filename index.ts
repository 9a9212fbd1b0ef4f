import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { adoptLeftovers } from "./stacks/adoption";
import { readStack } from "./stacks/config";
import { liveGates, previewGates } from "./stacks/gates";
import { updating } from "./stacks/operation";
import { deploySite } from "./stacks/site";
import { readState } from "./stacks/state";

/** Settings -> site -> outputs. An async function, because it waits at its gates before traffic moves and before it ends. */
export = async () => {
  try {
    const config = { ...readStack(), known: await readState() };
    const { region, known } = config;
    const account = { region, ...(aws.config.profile && { profile: aws.config.profile }) };
    if (updating()) adoptLeftovers(account, known);
    const gates = updating() ? liveGates({ ...config.settings.gates, ...account, known }) : previewGates;
    return await deploySite(config, gates);
  } catch (error) {
    // Its message is all that is shown, but the runtime formats the stack first, for up to a minute (pulumi/pulumi#21326).
    if (pulumi.RunError.isInstance(error)) error.stack = error.message;
    throw error;
  }
};
