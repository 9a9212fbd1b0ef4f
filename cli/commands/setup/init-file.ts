import { stringify } from "yaml";
import type { Choices } from "./init-choices";

/** One line of a stack's file: a value, or a section of further lines. */
interface Line {
  readonly key: string;
  readonly comment: string;
  readonly value: unknown;
}

const line = (key: string, value: unknown, comment: string): Line => ({ key, value, comment });

/** What stays of a file that is written anew: how its secrets are encrypted, and the secrets. */
export interface Kept {
  /** Top-level keys other than `config`, such as `secretsprovider`. */
  readonly top: Readonly<Record<string, unknown>>;
  /** Config whose value is or holds a secret. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Text of `Pulumi.<stack>.yaml`: every value stands with where it comes from or what it means. */
export function stackFile(
  choices: Choices,
  project: string,
  databaseSecretArn: string | undefined,
  kept?: Kept,
): string {
  const sections = linesOf(choices, project, databaseSecretArn);
  const width = 100;
  const body = sections.flatMap(({ key, value, comment }) =>
    Array.isArray(value) && value.every(isLine)
      ? [`  ${key}: # ${comment}`, ...value.map((inner: Line) => written(inner, 4, width))]
      : [written({ key, value, comment }, 2, width)],
  );
  return [
    `# Stack ${choices.stack}, written by \`platform init\`. Every key and its default: docs/configuration.md.`,
    ...Object.entries(kept?.top ?? {}).map(([key, value]) => stringify({ [key]: value }).trimEnd()),
    "config:",
    ...body,
    ...Object.entries(kept?.config ?? {}).map(([key, value]) => indent(stringify({ [key]: value }).trimEnd())),
    "",
  ].join("\n");
}

const isLine = (value: unknown): value is Line => typeof value === "object" && value !== null && "comment" in value;
const indent = (text: string) => text.replace(/^/gm, "  ");

/** A comment that would make the line too long stands above it. */
function written({ key, value, comment }: Line, depth: number, width: number): string {
  const space = " ".repeat(depth);
  const flow = stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: false }).trimEnd();
  const text = `${space}${key}: ${flow}`;
  return text.length + comment.length + 3 > width ? `${space}# ${comment}\n${text}` : `${text} # ${comment}`;
}

function linesOf(choices: Choices, project: string, databaseSecretArn: string | undefined): Line[] {
  const { region, architecture, instance, database, domain, emails, language, vercel } = choices;
  const own = (key: string) => `${project}:${key}`;
  return [
    line("aws:region", region, instance ? "where the instance runs" : "where everything but DNS is built"),
    line(own("architecture"), architecture, "what serves: monitored-instance, ha-web-tier, fargate or vercel"),
    line(own("domain"), domainLines(choices), `https://${domain.name}`),
    line(
      own("alerts"),
      [
        line("emails", emails, "each must confirm a message from AWS before alarms arrive"),
        line("language", language, "of alarms and incident reports: en or ko"),
      ],
      "who is told",
    ),
    ...(instance
      ? [line(own("existing"), existingLines(choices), "the server of today: watched, never replaced")]
      : []),
    line(
      own("app"),
      [
        line(
          "healthPath",
          choices.healthPath,
          'answers 200 while app and database work; "/" until the app has such a path',
        ),
      ],
      "the app, the same in every architecture",
    ),
    line(own("network"), networkLines(choices), "choose before the first update: moving it would move the database"),
    line(
      own("database"),
      database.kind === "new"
        ? [
            line("mode", "managed", "the stack creates it, empty, and protects it"),
            line("instanceClass", "db.t4g.micro", "the smallest; a change restarts it"),
          ]
        : [
            line("mode", "existing", "only referred to: nothing of it is changed"),
            line("identifier", database.found.identifier, describe(choices)),
            line("securityGroupId", database.found.securityGroupIds[0], "new tiers are admitted here on port 5432"),
            line("urlSecretArn", databaseSecretArn, "secret with the key DATABASE_URL; only its place stands here"),
          ],
      "the site's data",
    ),
    ...(vercel
      ? [
          line(
            own("vercel"),
            [
              line("repository", vercel.repository, "what Vercel builds"),
              line("databaseAccess", vercel.databaseAccess, "how Vercel reaches the database"),
            ],
            "hobby is for non-commercial use only; plan is pro by default",
          ),
        ]
      : []),
  ];
}

function describe({ database }: Choices): string {
  if (database.kind === "new") return "";
  const { version, instanceClass, multiAz, storageGb } = database.found;
  return `PostgreSQL ${version}, ${instanceClass}, ${storageGb} GB${multiAz ? ", Multi-AZ" : ""}`;
}

function domainLines({ domain, instance, otherNames }: Choices): Line[] {
  const also = otherNames.length > 0 ? `; ${otherNames.join(", ")} point there too and stay as they are` : "";
  return [
    line("name", domain.name, instance ? `its A record is ${instance.publicIp}${also}` : "the site's name"),
    line("zoneName", domain.zoneName, domain.newZone ? "the zone that is created" : "the Route 53 zone that holds it"),
    ...(domain.newZone
      ? [line("zone", "new", "the first `pulumi up` stops with the name servers to enter at the registrar")]
      : []),
  ];
}

function existingLines({ instance, processManager, appName }: Choices): Line[] {
  if (!instance) return [];
  const { id, name, type, securityGroupIds, publicIp, elasticIp, user } = instance;
  const [group, ...groups] = securityGroupIds;
  const home = `/home/${user}`;
  return [
    line("instanceId", id, [name, type].filter(Boolean).join(", ")),
    line(
      "securityGroupId",
      group,
      groups.length > 0 ? `its first; it also has ${groups.join(", ")}` : "its security group",
    ),
    line(
      "addresses",
      [publicIp],
      elasticIp
        ? "its Elastic IP"
        : "not an Elastic IP: a stop and start changes it, so the recovery leaves that step out",
    ),
    line("processManager", processManager, "what keeps the app running: pm2, systemd or docker"),
    line("appName", appName, "check it on the server: pm2 ls, systemctl, or docker ps"),
    line("appUser", user, "the Unix user of its image; check who runs the app"),
    line("ecosystem", `${home}/app/ecosystem.config.js`, "PM2's description of the app; check the path"),
    line("appLog", `${home}/.pm2/logs/${appName}-out.log`, "PM2's default; check the path"),
    line("appErrorLog", `${home}/.pm2/logs/${appName}-error.log`, "PM2's default; check the path"),
  ];
}

function networkLines({ vpc }: Choices): Line[] {
  if (!vpc) return [line("vpc", "new", "the account has no default VPC here, so the stack brings its own")];
  if (vpc.isDefault) return [line("vpc", "default", vpc.id)];
  const hidden = vpc.subnets.filter(({ isPublic }) => !isPublic).map(({ id }) => id);
  const where = vpc.subnets.map(({ zone }) => zone).join(", ");
  return [
    line("vpc", vpc.id, "the VPC of today"),
    line(
      "subnetIds",
      vpc.subnets.map(({ id }) => id),
      hidden.length > 0
        ? `${where}; NOT public, which a load balancer needs: ${hidden.join(", ")}`
        : `public, in ${where}`,
    ),
  ];
}
