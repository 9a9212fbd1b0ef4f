import type { Plan } from "../../core/plan-format";
import { flag, ofType, text } from "../../core/plan-reader";
import { shapeOf } from "../availability/shape";
import type { Change } from "./flip-changes";

/** Something beside the infrastructure that has to move with a site, or that somebody should look at. */
export interface Move {
  readonly subject:
    | "uploads"
    | "cron jobs"
    | "sessions"
    | "database migrations"
    | "environment"
    | "addresses"
    | "the old server";
  /** `do`: the flip loses something without it. `check`: only the app's owner knows. `none`: it comes along. */
  readonly need: "do" | "check" | "none";
  readonly text: string;
}

const move = (subject: Move["subject"], need: Move["need"], text: string): Move => ({ subject, need, text });

/** What only the stack's settings know. */
export interface AppFacts {
  /** The server is adopted: the stack neither built it nor deletes it. */
  readonly existingServer?: boolean;
  /** `app.migrate`. */
  readonly migrate: boolean;
  /** Names of the app's variables in the stack's config, plain and secret. */
  readonly variables?: readonly string[];
}

type Tier = ReturnType<typeof shapeOf>["tier"];
type Pair = AppFacts & { readonly from: Tier; readonly to: Tier };

const SCHEDULE: Readonly<Record<Tier, string>> = {
  instance: "its crontab",
  group: "EventBridge Scheduler (a crontab would run on every instance, or on none)",
  ecs: "EventBridge Scheduler with an ECS task as its target",
  vercel: "the `crons` of vercel.json, or EventBridge Scheduler with an HTTPS target",
};

const DISK: Readonly<Record<Tier, string>> = {
  instance: "the instance's disk, which lasts as long as the instance",
  group: "an instance's disk, which goes with the instance at the next replacement or scaling",
  ecs: "a task's disk, which goes with the task at the next deployment",
  vercel: "nothing: a function's file system is read-only but for /tmp",
};

const uploads = ({ from, to, existingServer }: Pair): Move => {
  const target = to === "instance" ? "" : ` The new tier keeps them on ${DISK[to]}, so the app must write to S3.`;
  if (from === "instance") {
    const fate = existingServer
      ? "They stay on the server, which the stack does not delete, but no visitor gets them from there."
      : "The instance and its disk are deleted last.";
    return move(
      "uploads",
      "do",
      `Files that the app wrote to the server's disk do not move. ${fate} Copy them before (\`aws s3 ` +
        `sync <folder> s3://<bucket>\`) and once more after traffic has moved.${target}`,
    );
  }
  return move(
    "uploads",
    "check",
    `The old tier keeps files on ${DISK[from]}: what the app must keep has to be in S3 ` +
      `already.${to === "instance" ? " The new server's disk starts empty." : ""}`,
  );
};

/** What becomes of the jobs when the old tier goes. */
function fateOfJobs({ from, existingServer }: Pair): string {
  if (from === "instance" && existingServer)
    return " and go on there, beside the new ones, until somebody takes them out";
  return from === "instance" || from === "vercel"
    ? " and stop when the old tier goes"
    : " and may name the old tier's resources";
}

const cron = (pair: Pair): Move =>
  move(
    "cron jobs",
    pair.from === "instance" || pair.from === "vercel" ? "do" : "check",
    `Jobs run from ${SCHEDULE[pair.from]}${fateOfJobs(pair)}. Set them up in ${SCHEDULE[pair.to]}. ` +
      "While both tiers run, a timer inside the app runs in both: a job must bear being run twice.",
  );

const sessions = ({ variables = [] }: Pair): Move => {
  const secret = variables.find((name) => /^(NEXT)?_?AUTH_SECRET$|SESSION.*(SECRET|KEY)$/.test(name));
  return secret
    ? move(
        "sessions",
        "none",
        `Both tiers get the same ${secret} from the stack, so signed cookies and sessions in the ` +
          "database stay valid. Only sessions in a process's memory or in files end.",
      )
    : move(
        "sessions",
        "check",
        "Sessions in a process's memory or in files end when traffic moves. Signed cookies stay valid " +
          "only if both tiers have the same secret: the stack's config names none (AUTH_SECRET or the " +
          "like), so it is not the stack that gives it to them.",
      );
};

const migrations = ({ migrate }: Pair): Move =>
  move(
    "database migrations",
    "check",
    (migrate
      ? "`prisma migrate deploy` has to have run before the gate opens. "
      : "app.migrate is off: run `prisma migrate deploy` yourself before traffic moves. ") +
      "Both tiers use the one database until the old one goes, and going back needs it too: a " +
      "migration may add, and must not rename or drop what the old release reads.",
  );

const environment = ({ from, to, existingServer, variables = [] }: Pair): Move => {
  const source = "stack's config (`app.environment`, `secrets`)";
  const counted = variables.length === 1 ? "The variable" : `The ${variables.length} variables`;
  const known =
    `${variables.length === 0 ? `The ${source} holds no variable;` : `${counted} of the ${source},`} ` +
    "DATABASE_URL and the Server Actions key come along";
  if (from === "instance" && existingServer) {
    return move(
      "environment",
      "do",
      "The server's own .env is not the stack's: whatever the app reads from it has to be in the " +
        `stack's config first (\`pulumi config set --secret --path iamvet:secrets.<NAME>\`). ${known}.`,
    );
  }
  if (from === "vercel") {
    return move(
      "environment",
      "check",
      `${known}. Variables that somebody entered in Vercel's dashboard are not the stack's and do not, ` +
        "nor do VERCEL_URL and its like.",
    );
  }
  return to === "vercel"
    ? move(
        "environment",
        "check",
        `${known}: copies of the secrets, the database's address and password among them, are then kept ` +
          "at Vercel. What the app knows only from AWS (an instance's or task's role) is not there: it " +
          "needs OIDC or a key.",
      )
    : move("environment", "none", `${known}.`);
};

const CHANGING = "those of tasks and instances change with every deployment";
const ADDRESSES: Readonly<Record<Tier, string>> = {
  instance: "the Elastic IP of the new instance",
  group: CHANGING,
  ecs: CHANGING,
  vercel: "Vercel's are many and change, unless static addresses are bought",
};

const addresses = ({ from, to }: Pair): Move =>
  move(
    "addresses",
    from === "instance" ? "do" : "check",
    `Services that admit the site by its outbound address must admit the new one: ${ADDRESSES[to]}.`,
  );

const oldServer = ({ from, existingServer }: Pair): Move[] =>
  from === "instance" && existingServer
    ? [
        move(
          "the old server",
          "do",
          "The stack neither built it nor deletes it: it runs on, and costs what it cost, until somebody " +
            "stops it. Leave it until nobody needs to go back.",
        ),
      ]
    : [];

/** Everything beside the infrastructure, what loses something first. */
export function movesOf(before: Plan, after: Plan, facts: AppFacts): Move[] {
  const pair: Pair = { ...facts, from: shapeOf(before).tier, to: shapeOf(after).tier };
  const order = { do: 0, check: 1, none: 2 } as const;
  return [uploads, cron, sessions, migrations, environment, addresses, oldServer]
    .flatMap((about) => about(pair))
    .sort((a, b) => order[a.need] - order[b.need]);
}

/** Group 2 and group 3 run one image; every other pair runs two builds of the app at once. */
const artifact: Readonly<Record<Tier, string>> = { instance: "release", group: "image", ecs: "image", vercel: "build" };

/** What can go wrong although the gates hold. */
export function risksOf(before: Plan, after: Plan, changes: readonly Change[]): string[] {
  const from = shapeOf(before).tier;
  const to = shapeOf(after).tier;
  const risks = [
    "Resolvers and clients that keep an answer beyond TTL and gates.drainSeconds lose their requests " +
      "when the old tier goes: `platform simulate` shows how many.",
    "Connections that stay open (WebSocket, server-sent events, long downloads) break when the old tier goes; a client must connect anew.",
    "Both tiers use the database at once: its connections must suffice for two pools.",
  ];
  if (artifact[from] !== artifact[to])
    risks.push(
      "Old and new tier run separate builds: a page that is open calls Server Actions of the other " +
        "one, which needs the same NEXT_SERVER_ACTIONS_ENCRYPTION_KEY in both builds, and the same " +
        "release.",
    );
  const reachable = (plan: Plan) =>
    ofType(plan, "aws:rds/instance:Instance").some(({ inputs }) => flag(inputs.publiclyAccessible));
  const open = (plan: Plan) =>
    reachable(plan) &&
    ofType(plan, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").some(
      ({ inputs }) => text(inputs.cidrIpv4) === "0.0.0.0/0" && inputs.fromPort === 5432,
    );
  if (open(after) && !open(before))
    risks.push("The database's port 5432 is open to the internet from then on (vercel.databaseAccess public-tls).");
  // RDS changes this one at once, whatever applyImmediately says (API reference, ModifyDBInstance), so the program waits with it.
  if (from === "vercel" && reachable(before) && !reachable(after))
    risks.push(
      "The database keeps its public address until the update after this one, as Vercel needs it until " +
        "traffic has moved; the rule that admits Vercel goes with the old tier. Run `pulumi up` once " +
        "more.",
    );
  const logs = changes.filter(
    ({ type, operation }) => type === "aws:cloudwatch/logGroup:LogGroup" && operation === "delete",
  );
  if (logs.length > 0)
    risks.push(
      `Logs of the old tier go with it: ${logs.map(({ name }) => name).join(", ")}. Export them before if they are needed.`,
    );
  const accessLogs = changes.filter(
    ({ type, operation, holds }) => type === "aws:s3/bucket:Bucket" && operation === "delete" && !holds,
  );
  if (accessLogs.length > 0) risks.push("The load balancer's access logs are emptied and deleted with it.");
  if (to === "instance" && from !== "instance")
    risks.push("One server serves everything again: a deployment, a reboot or a lost host is an outage.");
  return risks;
}
