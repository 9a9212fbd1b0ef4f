/**
 * Several Terraform documents as the modules of one. Terraform then starts the provider, and reads its schema of 100 MB, once for
 * all of them: a plan of eight takes twice the time of a plan of one.
 */

/** A Terraform document, and the files that it refers to. */
export interface Module {
  readonly document: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** A planned resource in `terraform show -json`. */
export interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly mode: string;
  readonly change: { readonly actions: readonly string[]; readonly after: Readonly<Record<string, unknown>> };
}

interface Values {
  readonly address?: string;
  readonly resources?: readonly { readonly address: string }[];
  readonly child_modules?: readonly Values[];
}

interface Configuration {
  readonly module_calls?: Readonly<Record<string, { readonly module: Configuration }>>;
}

/** The parts of `terraform show -json` that are read. */
export interface PlanDocument {
  readonly format_version: string;
  readonly terraform_version: string;
  readonly resource_changes?: readonly ResourceChange[];
  readonly planned_values: { readonly root_module: Values };
  readonly configuration: { readonly root_module: Configuration };
}

/** Name of the module that the document with this index becomes. */
export const moduleName = (index: number): string => `c${index}`;

interface ProviderBlock {
  readonly region: string;
  readonly alias?: string;
}

const providersOf = ({ document }: Module) => (document.provider as { readonly aws: readonly ProviderBlock[] }).aws;

/** What a document calls a provider's configuration. */
const ownName = ({ alias }: ProviderBlock) => (alias ? `aws.${alias}` : "aws");

/** What the root calls it: each document has another region that needs no name. */
const rootName = ({ region }: ProviderBlock) => `aws.${region}`;

/** The documents as modules of a root, which hands each the providers that it configured itself. */
export function asModules(modules: readonly Module[]): { readonly root: Module; readonly children: readonly Module[] } {
  const byRegion = new Map(
    modules.flatMap(providersOf).map((block) => [block.region, { ...block, alias: block.region }]),
  );
  const calls = modules.map((module, index) => {
    const providers = Object.fromEntries(providersOf(module).map((block) => [ownName(block), rootName(block)]));
    return [moduleName(index), { source: `./${moduleName(index)}`, providers }] as const;
  });
  return {
    root: {
      document: {
        terraform: modules[0]?.document.terraform,
        provider: { aws: [...byRegion.values()] },
        module: Object.fromEntries(calls),
      },
      files: new Map(),
    },
    children: modules.map((module) => ({ document: asChild(module), files: module.files })),
  };
}

function asChild(module: Module): Module["document"] {
  const { provider: _, ...document } = module.document;
  const { required_providers } = document.terraform as { required_providers: { aws: Record<string, unknown> } };
  const aliases = providersOf(module)
    .filter(({ alias }) => alias)
    .map(ownName);
  return {
    ...document,
    terraform: { required_providers: { aws: { ...required_providers.aws, configuration_aliases: aliases } } },
  };
}

/** Splits an address such as `module.c3.aws_lb.site` into the index of its module and the address inside it. */
export function splitAddress(address: string): { readonly index?: number; readonly address: string } {
  const [, index, inside] = /^module\.c(\d+)\.(.*)$/.exec(address) ?? [];
  return inside === undefined ? { address } : { index: Number(index), address: inside };
}

/** The plan of one module, as if it had been planned alone. */
export function partOf(plan: PlanDocument, index: number): PlanDocument {
  const name = moduleName(index);
  const inside = <T extends { readonly address: string }>(entries: readonly T[] = []) =>
    entries
      .filter(({ address }) => splitAddress(address).index === index)
      .map((entry) => ({ ...entry, address: splitAddress(entry.address).address }));
  const values = plan.planned_values.root_module.child_modules?.find(({ address }) => address === `module.${name}`);
  const { format_version, terraform_version, configuration } = plan;
  return {
    format_version,
    terraform_version,
    resource_changes: inside(plan.resource_changes),
    planned_values: { root_module: { resources: inside(values?.resources) } },
    configuration: { root_module: configuration.root_module.module_calls?.[name]?.module ?? {} },
  };
}
