import { type Check, each, missing, tiersOf } from "./check";

/** Whether visitors come to the tiers. */
export const TRAFFIC: readonly Check[] = [
  {
    name: "both record sets of the site resolve to the tier",
    problems: async (world) => {
      const records = (await world.records()).filter(({ Name, Type }) => Name === world.domain && Type === "A");
      const [balancer] = await world.balancers();
      const { Addresses = [] } = await world.clients.ec2.describeAddresses({});
      const attached = Addresses.filter(({ InstanceId }) => InstanceId).map(({ PublicIp }) => PublicIp);
      const sets = records.map(({ SetIdentifier }) => SetIdentifier).sort();
      return [
        ...(sets.join() === "canary,serving" ? [] : [`the record sets are ${sets.join(", ") || "none"}`]),
        ...(await each(
          // Addresses of Vercel are known to Vercel alone.
          records.filter(({ AliasTarget, ResourceRecords }) => AliasTarget || attached.length > 0 || !ResourceRecords),
          ({ SetIdentifier }) => SetIdentifier,
          async ({ AliasTarget, ResourceRecords = [] }) => {
            if (!AliasTarget) {
              return ResourceRecords.map(
                ({ Value }) => !attached.includes(Value) && `no server has the address ${Value}`,
              );
            }
            const name = AliasTarget.DNSName?.replace(/^dualstack\.|\.$/g, "");
            return [
              name !== balancer?.DNSName && `points at ${name}, the load balancer is ${balancer?.DNSName}`,
              AliasTarget.HostedZoneId !== balancer?.CanonicalHostedZoneId &&
                `names the zone ${AliasTarget.HostedZoneId}, the load balancer's is ${balancer?.CanonicalHostedZoneId}`,
            ];
          },
        )),
      ];
    },
  },
  {
    name: "other names are aliases of the site's own records",
    problems: async (world) => {
      const others = (await world.records()).filter(
        ({ Name, Type, AliasTarget }) => Name !== world.domain && Type === "A" && AliasTarget,
      );
      if (others.length === 0) return undefined;
      return each(
        others,
        ({ Name }) => Name,
        async ({ AliasTarget }) => [
          AliasTarget?.DNSName?.replace(/\.$/, "") !== world.domain && `points at ${AliasTarget?.DNSName}`,
          AliasTarget?.HostedZoneId !== world.zoneId && `names the zone ${AliasTarget?.HostedZoneId}`,
        ],
      );
    },
  },
  {
    name: "the listener's certificate is the site's, and its validation records stand in the zone",
    problems: async (world) => {
      const { CertificateSummaryList = [] } = await world.clients.acm.listCertificates({});
      const records = new Map((await world.records()).map((record) => [record.Name, record]));
      const listener = (await world.balancers()).length > 0 ? (await world.https()).listener : undefined;
      const used = listener?.Certificates?.[0]?.CertificateArn;
      const arns = CertificateSummaryList.map(({ CertificateArn }) => CertificateArn);
      return [
        ...(listener && !arns.includes(used) ? [missing("certificate", used)] : []),
        ...(await each(
          arns,
          (arn) => arn,
          async (CertificateArn) => {
            const { Certificate } = await world.clients.acm.describeCertificate({ CertificateArn });
            return [
              Certificate?.DomainName !== world.domain && `is for ${Certificate?.DomainName}`,
              ...(Certificate?.DomainValidationOptions ?? []).map(({ ResourceRecord }) => {
                const record = records.get(ResourceRecord?.Name?.replace(/\.$/, "") ?? "");
                return (
                  record?.ResourceRecords?.[0]?.Value !== ResourceRecord?.Value &&
                  `no record ${ResourceRecord?.Name} proves it`
                );
              }),
            ];
          },
        )),
      ];
    },
  },
  {
    name: "the listener forwards to the groups in which the instances or tasks are",
    problems: async (world) => {
      if ((await world.balancers()).length === 0) return undefined;
      const { rules } = await world.https();
      const tiers = await tiersOf(world);
      const groups = await world.groups();
      const toAll = rules.find(({ Conditions }) =>
        Conditions?.some(
          ({ Field, Values, PathPatternConfig }) =>
            Field === "path-pattern" && [...(Values ?? []), ...(PathPatternConfig?.Values ?? [])].includes("/*"),
        ),
      );
      const forwarded = toAll?.Actions?.flatMap(({ TargetGroupArn, ForwardConfig }) => [
        ...(TargetGroupArn ? [{ TargetGroupArn, Weight: 1 }] : []),
        ...(ForwardConfig?.TargetGroups ?? []),
      ]).filter(({ Weight = 1 }) => Weight > 0);
      if (!forwarded?.length) return ["no rule forwards everybody"];
      return each(
        forwarded,
        ({ TargetGroupArn }) => TargetGroupArn,
        async ({ TargetGroupArn = "" }) => {
          const group = groups.find((candidate) => candidate.TargetGroupArn === TargetGroupArn);
          const tier = tiers.find(({ targetGroups }) => targetGroups.includes(TargetGroupArn));
          return [
            !group && missing("target group", TargetGroupArn),
            group && !tier && "no service and no Auto Scaling group puts its targets there",
            tier?.name.startsWith("group ") &&
              (await world.clients.elb.describeTargetHealth({ TargetGroupArn })).TargetHealthDescriptions?.length ===
                0 &&
              "holds no instance",
          ];
        },
      );
    },
  },
  {
    name: "each tier has a probe rule of its own that leads to its group",
    problems: async (world) => {
      const tiers = await tiersOf(world);
      if (tiers.length === 0) return undefined;
      const { rules } = await world.https();
      const probed = rules
        .filter(({ Conditions }) => Conditions?.some(({ Field }) => Field === "http-header"))
        .flatMap(({ Actions = [] }) =>
          Actions.flatMap(({ TargetGroupArn, ForwardConfig }) => [
            TargetGroupArn,
            ...(ForwardConfig?.TargetGroups ?? []).map((group) => group.TargetGroupArn),
          ]),
        );
      return each(
        tiers,
        ({ name }) => name,
        async ({ targetGroups }) => targetGroups.map((arn) => !probed.includes(arn) && `no probe rule leads to ${arn}`),
      );
    },
  },
];
