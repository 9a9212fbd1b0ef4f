// The architecture of `platform plan --stack prod --architecture fargate` in AWS CDK, written as a user of CDK would write it, so
// that both tools do the same work; tests/unit/house/bench.test.ts compares the two kind by kind. Plain CommonJS: CDK gets no compiler
// on its way. Our plan bundles its four Lambda functions with esbuild in its own process, and pays for that; here their code is a
// literal, so that CDK is not charged for a bundler.
//
//   node tests/bench/site.cdk.cjs <sites> <output folder> [no-validation]
const { App, Stack, Tags } = require("aws-cdk-lib");
const ec2 = require("aws-cdk-lib/aws-ec2");
const route53 = require("aws-cdk-lib/aws-route53");
const { alarmsOf, budget, compositeAlarms, outsideEyes, topics } = require("./cdk/alarms.cjs");
const { observed } = require("./cdk/dashboard.cjs");
const { backupsOf, databaseOf } = require("./cdk/data.cjs");
const { incidentReporter, notifier } = require("./cdk/news.cjs");
const { account, copyRegion, domain, region, route53Region } = require("./cdk/shared.cjs");
const { fargate, loadBalancer, traffic } = require("./cdk/web.cjs");

/** One site. CloudFormation's stacks have one region each, so what lies in another one needs a stack there. */
function site(app, name) {
  const home = new Stack(app, name, { env: { account, region } });
  const copies = new Stack(app, `${name}-copies`, { env: { account, region: copyRegion } });
  const outside = new Stack(app, `${name}-outside`, { env: { account, region: route53Region } });
  for (const stack of [home, copies, outside])
    for (const [key, value] of [
      ["Project", "iamvet"],
      ["Stack", name],
      ["ManagedBy", "cdk"],
      ["Team", "web"],
    ])
      Tags.of(stack).add(key, value);

  const network = {
    vpc: ec2.Vpc.fromVpcAttributes(home, "vpc", {
      vpcId: "vpc-0a1b2c3d4e5f60718",
      availabilityZones: [`${region}a`, `${region}b`],
      publicSubnetIds: ["subnet-0a1b2c3d", "subnet-1a2b3c4d"],
      publicSubnetRouteTableIds: ["rtb-0a1b2c3d", "rtb-1a2b3c4d"],
    }),
    zone: route53.HostedZone.fromHostedZoneAttributes(home, "zone", { hostedZoneId: "Z123456", zoneName: domain }),
  };
  const alerts = topics(home);
  const data = databaseOf(home, name, network);
  const backups = backupsOf(home, copies, name, data);
  const front = loadBalancer(home, network);
  const web = fargate(home, name, network, front, data);
  traffic(home, name, network, front);
  outsideEyes(home, outside, name);
  const alarms = alarmsOf(home, name, alerts, { data, backups, front, web });
  const composites = compositeAlarms(home, name, alerts, alarms);
  const journal = notifier(home, name, alerts, { data, front, web });
  incidentReporter(home, name, alerts, { data, front, web, network, journal, alarms, composites });
  observed(home, name, { data, web, journal, alarms, composites });
  budget(home, name, alerts);
}

const [sites = "1", outdir, validation] = process.argv.slice(2);
const app = new App({ outdir, builtinCloudFormationValidation: validation !== "no-validation" });
for (let i = 0; i < Number(sites); i++) site(app, `site-${i}`);
const kinds = {};
for (const { template } of app.synth().stacks)
  for (const { Type } of Object.values(template.Resources)) kinds[Type] = (kinds[Type] ?? 0) + 1;
const resources = Object.values(kinds).reduce((sum, n) => sum + n, 0);
process.stdout.write(`${JSON.stringify({ resources, kinds })}\n`);
