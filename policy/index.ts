import { PolicyPack, type ResourceValidationPolicy, type StackValidationPolicy } from "@pulumi/policy";
import { overBudget, planFrom, planInputs, type StackResource } from "./budget-limit";
import { readExemptions } from "./exemptions";
import { type Rule, rules } from "./rules";

/**
 * The policy pack: `pulumi up --policy-pack policy`. Rules stand in rules.ts, exemptions with their reasons in
 * exemptions.yaml; costs come from insight/, as everywhere.
 */
const exemptions = readExemptions();

const validation = (rule: Rule): ResourceValidationPolicy => ({
  name: rule.name,
  description: rule.description,
  enforcementLevel: rule.level,
  validateResource: ({ type, name, props, opts }, report) => {
    if (exemptions.some((exemption) => exemption.policy === rule.name && exemption.resource === name)) return;
    const problem = rule.check({ type, name, inputs: planInputs(props), protect: opts.protect });
    if (problem) report(problem);
  },
});

const budget: StackValidationPolicy = {
  name: "budget",
  description: "Warns when the plan costs more than the stack's budget.",
  enforcementLevel: "advisory",
  configSchema: {
    properties: {
      monthlyUsd: { type: "number", description: "USD a month; by default the limit of the stack's own AWS Budget" },
      region: { type: "string", description: "AWS region, where the plan does not tell it" },
    },
  },
  validateStack: (args, report) => {
    const { monthlyUsd, region } = args.getConfig<{ monthlyUsd?: number; region?: string }>();
    const plan = planFrom(args.resources as unknown as StackResource[]);
    const problem = overBudget(plan, monthlyUsd, region ?? process.env.AWS_REGION);
    if (problem) report(problem);
  },
};

new PolicyPack("iamvet", { policies: [...rules.map(validation), budget] });
