import type { Command, InstanceInformation, InstanceInformationStringFilter } from "@aws-sdk/client-ssm";
import { judgeCommand, type MigrationRun } from "./migration";
import { once } from "./wait";

/** Parameter of the stack's command documents. */
const BOOT_PARAMETER = "BootParameter";

/** A command that is under way on an instance. */
export interface CommandUnderWay {
  readonly id: string;
  readonly instanceId?: string;
  /** The boot parameter that it was given. */
  readonly parameter?: string;
}

/** Commands of the stack's documents on its instances, by Systems Manager. The SDK is loaded with the first. */
export function instanceCommands(account: { readonly region: string; readonly profile?: string }) {
  const ssm = once(async () => {
    const sdk = await import("@aws-sdk/client-ssm");
    return { sdk, client: new sdk.SSMClient(account) };
  });
  return {
    /** The first that is meant of a document's commands, which is the stack's own: by instance AWS would leave out what is Pending. */
    async underWay(
      document: string,
      statuses: readonly ("InProgress" | "Pending")[],
      isMeant: (command: Command) => boolean | undefined,
    ): Promise<CommandUnderWay | undefined> {
      const { sdk, client } = await ssm();
      for (const Status of statuses) {
        const Filters = [
          { key: "DocumentName" as const, value: document },
          { key: "Status" as const, value: Status },
        ];
        const { Commands = [] } = await client.send(new sdk.ListCommandsCommand({ Filters }));
        const { CommandId, InstanceIds, Parameters } = Commands.find(isMeant) ?? {};
        if (!CommandId) continue;
        const [instanceId, parameter] = [InstanceIds?.[0], Parameters?.[BOOT_PARAMETER]?.[0]];
        return { id: CommandId, ...(instanceId && { instanceId }), ...(parameter && { parameter }) };
      }
      return undefined;
    },

    /** What Systems Manager knows of the first such instance. */
    async known(...Filters: InstanceInformationStringFilter[]): Promise<InstanceInformation | undefined> {
      const { sdk, client } = await ssm();
      const { InstanceInformationList } = await client.send(new sdk.DescribeInstanceInformationCommand({ Filters }));
      return InstanceInformationList?.[0];
    },

    /** @returns the id of the command */
    async send(document: string, instanceId: string, parameter: string, comment: string): Promise<string> {
      const { sdk, client } = await ssm();
      const asked = new sdk.SendCommandCommand({
        DocumentName: document,
        InstanceIds: [instanceId],
        Parameters: { [BOOT_PARAMETER]: [parameter] },
        Comment: comment,
      });
      return (await client.send(asked)).Command?.CommandId ?? "";
    },

    async look(CommandId: string, InstanceId: string): Promise<MigrationRun> {
      const { sdk, client } = await ssm();
      try {
        return judgeCommand(await client.send(new sdk.GetCommandInvocationCommand({ CommandId, InstanceId })));
      } catch (error) {
        // The command is known a moment before its invocation is.
        if (error instanceof Error && error.name === "InvocationDoesNotExist") return judgeCommand({});
        throw error;
      }
    },
  };
}
