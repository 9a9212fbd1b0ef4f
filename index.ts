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
    const { known, pending } = await readState();
    const config = { ...readStack(), known };
    const { region } = config;
    const account = { region, ...(aws.config.profile && { profile: aws.config.profile }) };
    const tellLeftovers = updating() ? adoptLeftovers(account, { known, pending }) : undefined;
    const gates = updating() ? liveGates({ ...config.settings.gates, ...account, known }) : previewGates;
    const outputs = await deploySite(config, gates);
    await tellLeftovers?.();
    return outputs;
  } catch (error) {
    // Its message is all that is shown, but the runtime formats the stack first, for up to a minute (pulumi/pulumi#21326).
    if (pulumi.RunError.isInstance(error)) error.stack = error.message;
    throw error;
  }
};
