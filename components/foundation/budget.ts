import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";

export interface BudgetArgs {
  /** USD a month, taxes and credits as they stand on the bill. */
  readonly monthlyUsd: number;
  /** Percents of the limit at which what was really spent is told, each once a month. */
  readonly actualPercents: readonly number[];
  /** Percents of the limit at which the forecast of the month is told. AWS forecasts after some five weeks of use. */
  readonly forecastPercents: readonly number[];
  /** Topic that is told; its policy must admit `budgets.amazonaws.com`. */
  readonly topicArn: pulumi.Input<string>;
  /**
   * Tags that all of the stack's resources carry and no others. They count once they are activated as cost allocation tags
   * of the account, which a person does in the Billing console; until then the budget sees no costs.
   */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * The stack's AWS Budget, free of charge as it only tells. It sees what AWS bills for tagged resources, some hours late: not
 * Vercel's or UptimeRobot's bills, and not the few costs that have no tags, such as custom metrics.
 */
export class Budget extends pulumi.ComponentResource {
  constructor(name: string, args: BudgetArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Budget", name, {}, opts);
    const notification = (notificationType: "ACTUAL" | "FORECASTED", percents: readonly number[]) =>
      [...new Set(percents)].map((threshold) => ({
        notificationType,
        threshold,
        thresholdType: "PERCENTAGE",
        comparisonOperator: "GREATER_THAN",
        subscriberSnsTopicArns: [args.topicArn],
      }));
    new aws.budgets.Budget(
      `${name}-month`,
      {
        budgetType: "COST",
        timeUnit: "MONTHLY",
        limitAmount: String(args.monthlyUsd),
        limitUnit: "USD",
        // A filter expression, since values of the older cost filters are alternatives: any stack of the project would count.
        metrics: "UnblendedCost",
        filterExpression: {
          ands: Object.entries(args.tags).map(([key, value]) => ({ tags: { key, values: [value] } })),
        },
        notifications: [
          ...notification("ACTUAL", args.actualPercents),
          ...notification("FORECASTED", args.forecastPercents),
        ],
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
