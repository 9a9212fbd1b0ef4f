import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Widget } from "./web-tier";

export interface DashboardArgs {
  /** Graphs of the tiers and of the foundation; they are grouped by section. */
  readonly widgets: readonly Widget[];
}

/** Order of the sections, the first thing to look at on top. */
const order: readonly Widget["section"][] = [
  "external",
  "traffic",
  "errors",
  "latency",
  "capacity",
  "database",
  "recovery",
  "cost",
];

const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 6;

/** The stack's CloudWatch dashboard; the first three of an account are free, each further one costs 3 USD a month. */
export class Dashboard extends pulumi.ComponentResource {
  /** Its address in the console. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: DashboardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Dashboard", name, {}, opts);
    const { region } = aws.getRegionOutput({}, { parent: this });
    const sorted = [...args.widgets].sort((a, b) => order.indexOf(a.section) - order.indexOf(b.section));
    const dashboard = new aws.cloudwatch.Dashboard(
      `${name}-dashboard`,
      {
        dashboardName: `${pulumi.getProject()}-${pulumi.getStack()}`,
        dashboardBody: pulumi.jsonStringify({
          widgets: sorted.map((widget, index) => ({
            type: "metric",
            x: (index % COLUMNS) * WIDTH,
            y: Math.floor(index / COLUMNS) * HEIGHT,
            width: WIDTH,
            height: HEIGHT,
            properties: {
              title: widget.title,
              metrics: widget.metrics,
              stat: widget.stat ?? "Average",
              period: 60,
              region: widget.region ?? region,
              view: "timeSeries",
              ...(widget.label ? { yAxis: { left: { label: widget.label, showUnits: false } } } : {}),
            },
          })),
        }),
      },
      { parent: this },
    );
    this.url = pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards/dashboard/${dashboard.dashboardName}`;
    this.registerOutputs({ url: this.url });
  }
}
