import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Signal, Widget } from "../../core/web-tier";
import { METRICS } from "./log-metric";

export interface DashboardArgs {
  /** Graphs of the tiers and of the foundation; they are grouped by section. */
  readonly widgets: readonly Widget[];
  /** Alarms whose state stands on top. */
  readonly signals: readonly Signal[];
  /** Log groups of the site, for the saved queries. */
  readonly logGroups: readonly pulumi.Input<string>[];
  /** Log group with the journal of events: moves of traffic, deployments, recovery runs. */
  readonly journal: pulumi.Input<string>;
  /** Whether graphs mark deployments and moves of traffic: one custom metric, which a server's own metrics leave no free one for. */
  readonly marks: boolean;
}

/** Sections in their order, the first thing to look at on top. */
const sections: Readonly<Record<Widget["section"], string>> = {
  external: "Seen from outside",
  traffic: "Traffic",
  errors: "Errors",
  latency: "Latency",
  capacity: "Capacity",
  database: "Database",
  recovery: "Recovery runs, deployments and moves of traffic",
  cost: "Cost",
};

/** Sections whose graphs show when something was deployed or traffic was moved. */
const marked: readonly Widget["section"][] = ["traffic", "errors", "latency"];

const COLUMNS = 3;
const WIDTH = 24 / COLUMNS;
const HEIGHT = 6;
/** Alarms that one widget of states may show. */
const MOST_ALARMS = 100;
/** AWS publishes what an account has cost in this region only, once billing metrics are turned on. */
const BILLING_REGION = "us-east-1";

const trouble = "filter @message like /(?i)(error|exception|fatal|panic|killed)/";
const queries = {
  "first errors": `fields @timestamp, @log, @message | ${trouble} | sort @timestamp asc | limit 100`,
  "frequent errors":
    `${trouble} | stats count(*) as times, min(@timestamp) as first, max(@timestamp) as last ` +
    "by substr(@message, 0, 160) as line | sort times desc | limit 50",
  "errors by minute": `${trouble} | stats count(*) as errors by bin(1m) | sort @timestamp desc`,
} as const;

const events =
  "fields @timestamp, mark, `event.detail-type`, `event.resources.0`, event.detail.eventName, " +
  "event.detail.Status, event.detail.Message, event.detail.stoppedReason | sort @timestamp desc | limit 50";

/** Address of the stack's dashboard; it is known before the dashboard is there, so that alarms can name it. */
export function dashboardUrl(region: pulumi.Input<string>): pulumi.Output<string> {
  const home = pulumi.interpolate`https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}`;
  return pulumi.interpolate`${home}#dashboards/dashboard/${dashboardName()}`;
}

const dashboardName = () => `${pulumi.getProject()}-${pulumi.getStack()}`;

/**
 * The stack's CloudWatch dashboard, and saved queries for Logs Insights. The first three dashboards of an account are free, each
 * further one costs 3 USD a month; deployments and moves of traffic are marked by one custom metric (0.30 USD beyond the free ten).
 */
export class Dashboard extends pulumi.ComponentResource {
  /** Its address in the console. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: DashboardArgs, opts?: pulumi.ComponentResourceOptions) {
    super("iamvet:index:Dashboard", name, {}, opts);
    const child = { parent: this };
    const { region } = aws.getRegionOutput({}, child);
    const marks = args.marks ? `${dashboardName()}-changes` : undefined;
    if (marks) {
      new aws.cloudwatch.LogMetricFilter(
        `${name}-changes`,
        {
          logGroupName: args.journal,
          pattern: "{ $.mark = * }",
          metricTransformation: { namespace: METRICS, name: marks, value: "1" },
        },
        child,
      );
    }
    for (const [title, queryString] of Object.entries({ ...queries, events })) {
      new aws.cloudwatch.QueryDefinition(
        `${name}-query-${title.replaceAll(" ", "-")}`,
        {
          name: `${dashboardName()}/${title}`,
          queryString,
          logGroupNames: title === "events" ? [args.journal] : [...args.logGroups],
        },
        child,
      );
    }
    const cost: Widget = {
      title: "Charges of the account so far this month",
      section: "cost",
      label: "USD",
      stat: "Maximum",
      periodSeconds: 21_600,
      region: BILLING_REGION,
      metrics: [["AWS/Billing", "EstimatedCharges", "Currency", "USD"]],
    };
    const widgets = [...args.widgets, cost];
    const dashboard = new aws.cloudwatch.Dashboard(
      `${name}-dashboard`,
      {
        dashboardName: dashboardName(),
        dashboardBody: pulumi
          .all([region, args.journal, pulumi.all(args.signals.map(({ arn }) => arn))])
          .apply(([home, journal, alarms]) => body({ widgets, alarms, home, journal, ...(marks ? { marks } : {}) })),
      },
      child,
    );
    this.url = pulumi.all([dashboardUrl(region), dashboard.dashboardName]).apply(([url]) => url);
    this.registerOutputs({ url: this.url });
  }
}

interface Parts {
  readonly widgets: readonly Widget[];
  readonly alarms: readonly string[];
  readonly home: string;
  readonly journal: string;
  readonly marks?: string;
}

/** The dashboard's JSON: states on top, then a heading and rows of three graphs for each section that has any. */
function body({ widgets, alarms, home, journal, marks }: Parts): pulumi.Output<string> {
  const placed: object[] = [
    {
      type: "alarm",
      x: 0,
      y: 0,
      width: 24,
      height: 4,
      properties: { title: "Alarms", alarms: alarms.slice(0, MOST_ALARMS) },
    },
  ];
  let y = 4;
  for (const [section, title] of Object.entries(sections) as [Widget["section"], string][]) {
    const mine = widgets.filter((widget) => widget.section === section);
    const log = section === "recovery";
    if (mine.length === 0 && !log) continue;
    placed.push({ type: "text", x: 0, y, width: 24, height: 1, properties: { markdown: `## ${title}` } });
    y += 1;
    for (const [index, widget] of mine.entries()) {
      placed.push({
        type: "metric",
        x: (index % COLUMNS) * WIDTH,
        y: y + Math.floor(index / COLUMNS) * HEIGHT,
        width: WIDTH,
        height: HEIGHT,
        properties: graph(widget, home, marked.includes(section) ? marks : undefined),
      });
    }
    y += Math.ceil(mine.length / COLUMNS) * HEIGHT;
    if (log) {
      placed.push({
        type: "log",
        x: 0,
        y,
        width: 24,
        height: HEIGHT,
        properties: { title: "Events", region: home, view: "table", query: `SOURCE '${journal}' | ${events}` },
      });
      y += HEIGHT;
    }
  }
  return pulumi.jsonStringify({ widgets: placed });
}

function graph({ title, metrics, stat, label, region, periodSeconds }: Widget, home: string, marks?: string) {
  const period = periodSeconds ?? 60;
  const mark = [METRICS, marks, { label: "deployed or moved", stat: "Sum", yAxis: "right", color: "#7f7f7f", period }];
  return {
    title,
    metrics: marks === undefined ? metrics : pulumi.output(metrics).apply((rows) => [...rows, mark]),
    stat: stat ?? "Average",
    period,
    region: region ?? home,
    view: "timeSeries",
    yAxis: {
      ...(label ? { left: { label, showUnits: false } } : {}),
      ...(marks === undefined ? {} : { right: { min: 0, showUnits: false } }),
    },
  };
}
