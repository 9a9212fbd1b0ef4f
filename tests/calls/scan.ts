import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { parse } from "yaml";
import { type Operation, sdkAction } from "./actions";

/** One call of AWS in the tree: where it stands, and the action that IAM asks about. */
export interface Found {
  readonly place: string;
  readonly action: string;
}

const ROOT = join(__dirname, "../..");

/** Files below some folders of the project, without what is installed. */
function filesBelow(folders: readonly string[], wanted: RegExp): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => wanted.test(name) && !name.includes("node_modules"))
      .map((name) => join(folder, name)),
  );
}

/** Every call that the project makes, or has made for it. */
export function callsInTree(): Found[] {
  const sources = filesBelow(["cli", "components", "core", "functions", "insight", "output", "stacks"], /\.ts$/);
  const scripts = [...filesBelow(["runbooks"], /\.sh$/), ...filesBelow([".github"], /\.ya?ml$/)];
  const found = [
    ...sources.flatMap((file) => inTypeScript(file, read(file))),
    ...scripts.flatMap((file) => inShell(file, read(file))),
    ...filesBelow(["runbooks"], /\.py$/).flatMap((file) => inPython(file, read(file))),
    ...filesBelow(["runbooks"], /\.automation\.yaml$/).flatMap((file) => inAutomation(file, read(file))),
  ];
  const keys = new Map(found.map((one) => [`${one.place} ${one.action}`, one]));
  return [...keys.values()].sort((a, b) => (`${a.place} ${a.action}` < `${b.place} ${b.action}` ? -1 : 1));
}

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const CLIENT = /^@aws-sdk\/client-([\w-]+)$/;

/** Commands, paginators and waiters of the AWS SDK, and programs that are started: `aws ...`. */
export function inTypeScript(place: string, text: string): Found[] {
  const source = ts.createSourceFile(place, text, ts.ScriptTarget.Latest, true);
  const clients = new Set<string>();
  const operations: Operation[] = [];
  const commands: string[][] = [];
  const visit = (node: ts.Node) => {
    const named = ts.isStringLiteral(node) ? CLIENT.exec(node.text)?.[1] : undefined;
    if (named) clients.add(named);
    if (ts.isNewExpression(node) || ts.isCallExpression(node)) {
      const callee = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
      const operation = operationOf(callee.getText(source), ts.isNewExpression(node));
      if (operation) operations.push(operation);
    }
    if (ts.isArrayLiteralExpression(node)) {
      const program = programOf(node, source);
      if (program) commands.push([program, ...wordsOf(node, source)]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [
    ...operations.map((operation) => ({ place, action: sdkAction(place, operation, [...clients]) })),
    ...commands.flatMap((words) => commandActions(place, words)),
  ];
}

function operationOf(callee: string, isNew: boolean): Operation | undefined {
  const [, kind = "", name = ""] = (isNew ? /^()(\w+)Command$/ : /^(paginate|waitUntil)(\w+)$/).exec(callee) ?? [];
  return name ? { exported: callee, name, waiter: kind === "waitUntil" } : undefined;
}

/** The program whose arguments a list is: what is named before it in a call, or `aws` for a list named `shell`. */
function programOf(node: ts.ArrayLiteralExpression, source: ts.SourceFile): string | undefined {
  const { parent } = node;
  if (ts.isPropertyAssignment(parent)) return parent.name.getText(source) === "shell" ? "aws" : undefined;
  if (!ts.isCallExpression(parent)) return undefined;
  const before = parent.arguments[parent.arguments.indexOf(node) - 1];
  return before && ts.isStringLiteral(before) ? before.text : undefined;
}

/** Words of a command line; what is no literal stands there as it is written. */
function wordsOf(node: ts.ArrayLiteralExpression, source: ts.SourceFile): string[] {
  return node.elements.flatMap((element) => {
    if (ts.isSpreadElement(element) && ts.isArrayLiteralExpression(element.expression)) {
      return wordsOf(element.expression, source);
    }
    return [ts.isStringLiteral(element) ? element.text : element.getText(source)];
  });
}

/** Programs that call AWS, in shell; comments left out. */
export function inShell(place: string, text: string): Found[] {
  return text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .flatMap((line) => [...line.matchAll(/(?<![\w./-])(aws|docker|pulumi) ([a-z][^|;&)]*)/g)])
    .flatMap(([, program = "", rest = ""]) => commandActions(place, [program, ...rest.trim().split(/\s+/)]));
}

const PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];
const PUSH = [...PULL, "ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"];
/**
 * State on S3 with its lock, which looking takes too, and its key, with which `platform init` encrypts the bucket as well. Source:
 * gocloud.dev/blob/s3blob and gocloud.dev/secrets/awskms, which Pulumi uses; S3's developer guide on SSE-KMS, 2026-11.
 */
const LOOK = [
  ...["s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
  ...["kms:Decrypt", "kms:GenerateDataKey"],
];

/** Actions behind a program's command, by the words that it begins with. */
const PROGRAMS: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  "aws ecr get-login-password": () => ["ecr:GetAuthorizationToken"],
  // The source comes first: from S3 it is read.
  "aws s3 cp": (words) => [
    /s3:|config/.test(words.find((word, at) => at > 2 && !word.startsWith("-")) ?? "")
      ? "s3:GetObject"
      : "s3:PutObject",
  ],
  "docker buildx build": () => PUSH,
  "docker pull": () => PULL,
  "pulumi config refresh": () => LOOK,
  "pulumi preview": () => LOOK,
  "pulumi up": () => [...LOOK, "kms:Encrypt"],
};
const CLI_CLIENTS: Readonly<Record<string, string>> = {
  elbv2: "elastic-load-balancing-v2",
  secretsmanager: "secrets-manager",
};

function commandActions(place: string, words: readonly string[]): Found[] {
  const [program, service = "", verb = ""] = words;
  const special = Object.entries(PROGRAMS).find(([beginning]) => `${words.join(" ")} `.startsWith(`${beginning} `));
  if (special) return special[1](words).map((action) => ({ place, action }));
  if (program !== "aws" || !/^[a-z]/.test(service)) return [];
  const name = pascal(verb);
  const operation = { exported: `${name}Command`, name, waiter: false };
  return [{ place, action: sdkAction(place, operation, [CLI_CLIENTS[service] ?? service]) }];
}

const pascal = (text: string) => text.replace(/(^|[-_])(\w)/g, (_, __, letter: string) => letter.toUpperCase());

/** Methods of boto3's clients. */
export function inPython(place: string, text: string): Found[] {
  const clients = new Map(
    [...text.matchAll(/(\w+) = boto3\.client\("([\w-]+)"\)/g)].map(([, name = "", service = ""]) => [name, service]),
  );
  const direct = [...text.matchAll(/boto3\.client\("([\w-]+)"\)\.(\w+)\(/g)].map(
    ([, s = "", m = ""]) => [s, m] as const,
  );
  const named = [...clients].flatMap(([name, service]) => [
    ...[...text.matchAll(new RegExp(`\\b${name}\\.(\\w+)\\(`, "g"))].map(([, m = ""]) => [service, m] as const),
    ...[...text.matchAll(new RegExp(`\\b${name}\\.get_paginator\\("(\\w+)"\\)`, "g"))].map(
      ([, m = ""]) => [service, m] as const,
    ),
  ]);
  return [...direct, ...named]
    .filter(([, method]) => method !== "get_paginator")
    .map(([service, method]) => ({ place, action: `${service}:${pascal(method)}` }));
}

/** What a step of an Automation calls in the name of its role. Source: Automation actions reference, 2026-11. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  "aws:runCommand": [
    "ssm:SendCommand",
    "ssm:ListCommands",
    "ssm:ListCommandInvocations",
    "ssm:DescribeInstanceInformation",
  ],
  "aws:changeInstanceState": [
    "ec2:DescribeInstances",
    "ec2:DescribeInstanceStatus",
    "ec2:StartInstances",
    "ec2:StopInstances",
  ],
  "aws:executeScript": [],
  "aws:invokeLambdaFunction": ["lambda:InvokeFunction"],
  "aws:branch": [],
  "aws:sleep": [],
};

interface Step {
  readonly action: string;
  readonly inputs?: { readonly Service?: string; readonly Api?: string };
}

/** Steps of an automation document. */
export function inAutomation(place: string, text: string): Found[] {
  const { mainSteps } = parse(text, { merge: true }) as { mainSteps: Step[] };
  return mainSteps.flatMap(({ action, inputs }) => {
    if (/^aws:(executeAwsApi|waitForAwsResourceProperty|assertAwsResourceProperty)$/.test(action)) {
      return [{ place, action: `${inputs?.Service}:${inputs?.Api}` }];
    }
    const calls = STEPS[action];
    if (!calls) throw new Error(`${place}: nothing is known of the calls of a step ${action}: add it to STEPS`);
    return calls.map((call) => ({ place, action: call }));
  });
}

/** Where it stands what the components of other packages make, by type. */
const MADE_ELSEWHERE = "cli/planner/plan-components.ts";

/** Types and look-ups of the AWS provider that the program names, and types of what its remote components make, as keys of the table. */
export function providerTypesInTree(): { readonly place: string; readonly key: string }[] {
  const made = [...read(MADE_ELSEWHERE).matchAll(/"aws:(\w+)\/\w+:(\w+)"/g)].map(([, module, name]) => ({
    place: MADE_ELSEWHERE,
    key: `${module}/${name}`,
  }));
  const named = filesBelow(["components", "stacks", "examples"], /\.ts$/).flatMap((file) =>
    [...read(file).matchAll(/\baws\s*\.(?:(\w+)\s*\.)?((?:[A-Z]|get[A-Z])\w+?)(?:Output)?\(/g)].map(
      ([, module, name = ""]) => ({
        place: relative(ROOT, join(ROOT, file)),
        key: module ? `${module}/${name}` : name,
      }),
    ),
  );
  return [...named, ...made];
}
