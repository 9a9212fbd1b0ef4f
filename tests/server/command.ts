import { parse } from "yaml";
import { renderRunbook } from "../../components/aws/runbook";

interface CommandDocument {
  readonly parameters: Readonly<Record<string, { readonly default?: string; readonly allowedPattern?: string }>>;
  readonly mainSteps: readonly { readonly inputs: { readonly runCommand: readonly string[] } }[];
}

/**
 * The script that a Command document runs on a server, as Systems Manager's agent makes it: the lines of its steps with the parameters
 * filled in, run by the interpreter that the first line names.
 *
 * @throws Error when a value does not match the parameter's pattern
 */
export function commandScript(document: string, given: Readonly<Record<string, string>>): string {
  const { parameters, mainSteps } = parse(renderRunbook(document)) as CommandDocument;
  const values = Object.entries(parameters).map(([name, { default: value = "", allowedPattern }]) => {
    const wanted = given[name] ?? value;
    if (allowedPattern && !new RegExp(allowedPattern).test(wanted))
      throw new Error(`${name} is ${wanted}, not ${allowedPattern}`);
    return [name, wanted] as const;
  });
  const unknown = Object.keys(given).filter((name) => !(name in parameters));
  if (unknown.length > 0) throw new Error(`${document} has no parameter ${unknown.join(", ")}`);
  const known = new Map(values);
  const lines = mainSteps.flatMap(({ inputs }) => inputs.runCommand);
  return `${lines.map((line) => line.replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => known.get(name) ?? "")).join("\n")}\n`;
}
