import * as pulumi from "@pulumi/pulumi";
import { type Call, createOnce, restClient, unlessGone } from "../../core/rest";

/** Somebody whom UptimeRobot tells: the id of an alert contact or of an integration of the account. */
export interface UptimeRobotContact {
  /** As `GET /user/alert-contacts` and `GET /integrations` list it. */
  readonly id: string;
  /** Minutes that an outage lasts before the first message; the free plan allows 0 only. @default 0 */
  readonly threshold?: number;
  /** Minutes between reminders, 0 for none; the free plan allows 0 only. @default 0 */
  readonly recurrence?: number;
}

/** What the provider of {@link UptimeRobotMonitor} is given, resolved. */
export interface MonitorInputs {
  /** Unique name of this monitor in the account, lower case: a tag by which an interrupted creation is found again. */
  readonly marker: string;
  readonly friendlyName: string;
  readonly url: string;
  /** Seconds between checks. */
  readonly interval: number;
  /** Seconds until a check fails. */
  readonly timeout: number;
  /** Text that a healthy answer contains; without it the status alone counts. */
  readonly keyword?: string;
  readonly contacts: readonly UptimeRobotContact[];
}

/** Arguments of {@link UptimeRobotMonitor}. */
export type UptimeRobotMonitorArgs = { readonly [K in keyof MonitorInputs]: pulumi.Input<MonitorInputs[K]> };

/** What the provider of {@link UptimeRobotWebhook} is given, resolved. */
export interface WebhookInputs {
  /** Unique name of this integration in the account, by which an interrupted creation is found again. */
  readonly marker: string;
  /** Receives a POST for every outage and every recovery. */
  readonly url: string;
  /** Secret that the receiver demands as bearer token. */
  readonly token: string;
}

/** Arguments of {@link UptimeRobotWebhook}. */
export type UptimeRobotWebhookArgs = { readonly [K in keyof WebhookInputs]: pulumi.Input<WebhookInputs[K]> };

interface LiveMonitor {
  readonly id: number;
  readonly friendlyName: string;
  readonly url: string;
  readonly type: string;
  readonly interval: number;
  readonly timeout?: number | null;
  readonly httpMethodType?: string | null;
  readonly keywordType?: string | null;
  readonly keywordValue?: string | null;
  readonly tags?: readonly { readonly name: string }[] | null;
  readonly assignedAlertContacts?: readonly {
    readonly alertContactId: number | string;
    readonly threshold?: number;
    readonly recurrence?: number;
  }[];
}

interface LiveIntegration {
  readonly id: number;
  readonly type: string;
  readonly friendlyName: string;
}

/**
 * UptimeRobot's REST API v3 (https://uptimerobot.com/api/v3, read 2026-11-24). The key is read from the stack's config or
 * from the environment when a provider starts, so that it is in no resource's state, not even encrypted, and a rotated key
 * counts at once.
 */
function client(configured: string | undefined): Call {
  return restClient({
    name: "UptimeRobot",
    base: process.env.UPTIMEROBOT_API_URL ?? "https://api.uptimerobot.com/v3",
    key: configured ?? process.env.UPTIMEROBOT_API_KEY,
    keyMissing,
    keyRefused: "Use the account's main API key: pulumi config set --secret uptimerobot:apiKey",
    tooMany: "too many requests (the free plan allows 10 a minute). Try again in a minute.",
  });
}

const keyMissing =
  "UptimeRobot needs an API key. Run: pulumi config set --secret uptimerobot:apiKey (or set " +
  "UPTIMEROBOT_API_KEY). The key: UptimeRobot, Integrations, API, main API key.";

/** Says in the preview already that the key is missing, where otherwise nothing would ask for it. */
function checked<T>(inputs: T, configured: string | undefined): pulumi.dynamic.CheckResult<T> {
  const failures = (configured ?? process.env.UPTIMEROBOT_API_KEY) ? [] : [{ property: "apiKey", reason: keyMissing }];
  return { inputs, failures };
}

/** All pages of a list. */
async function list<T>(call: Call, path: string): Promise<T[]> {
  const found: T[] = [];
  const seen = new Set<string>();
  for (let next: string | null | undefined = path; next && !seen.has(next); ) {
    seen.add(next);
    const page: { data: T[]; nextLink?: string | null } = await call("GET", next);
    found.push(...page.data);
    next = page.nextLink;
  }
  return found;
}

/** The monitor as the API takes it. GET, since a HEAD (the default) neither has a body nor proves that a page renders. */
function monitorBody(inputs: MonitorInputs) {
  return {
    friendlyName: inputs.friendlyName,
    url: inputs.url,
    type: inputs.keyword === undefined ? "HTTP" : "KEYWORD",
    interval: inputs.interval,
    timeout: inputs.timeout,
    httpMethodType: "GET",
    followRedirections: true,
    checkSSLErrors: true,
    sslExpirationReminder: false,
    domainExpirationReminder: false,
    // ALERT_NOT_EXISTS: an alert when the text is missing. Case type 0 is case-sensitive.
    ...(inputs.keyword !== undefined && {
      keywordType: "ALERT_NOT_EXISTS",
      keywordValue: inputs.keyword,
      keywordCaseType: 0,
    }),
    tagNames: [inputs.marker],
    assignedAlertContacts: inputs.contacts.map(({ id, threshold, recurrence }) => ({
      alertContactId: id,
      threshold: threshold ?? 0,
      recurrence: recurrence ?? 0,
    })),
  };
}

/** Names of the settings in which a live monitor is not what was asked, whoever changed it. */
function differences(inputs: MonitorInputs, live: LiveMonitor): string[] {
  const wanted = monitorBody(inputs);
  const people = (contacts: LiveMonitor["assignedAlertContacts"]) =>
    (contacts ?? [])
      .map((contact) => [String(contact.alertContactId), contact.threshold ?? 0, contact.recurrence ?? 0].join(" "))
      .sort()
      .join();
  const pairs: Record<string, [unknown, unknown]> = {
    friendlyName: [wanted.friendlyName, live.friendlyName],
    url: [wanted.url, live.url],
    type: [wanted.type, live.type],
    interval: [wanted.interval, live.interval],
    timeout: [wanted.timeout, live.timeout],
    httpMethodType: [wanted.httpMethodType, live.httpMethodType],
    keywordType: [wanted.keywordType, live.keywordType ?? undefined],
    keywordValue: [inputs.keyword, live.keywordValue || undefined],
    tags: [true, (live.tags ?? []).some(({ name }) => name === inputs.marker)],
    assignedAlertContacts: [people(wanted.assignedAlertContacts), people(live.assignedAlertContacts)],
  };
  return Object.keys(pairs).filter((name) => pairs[name]?.[0] !== pairs[name]?.[1]);
}

/** Only what belongs to the monitor: the engine adds the provider's own code to a resource's properties. */
function monitorState(inputs: MonitorInputs) {
  const { marker, friendlyName, url, interval, timeout, keyword, contacts } = inputs;
  return { marker, friendlyName, url, interval, timeout, contacts, ...(keyword !== undefined && { keyword }) };
}

/**
 * The provider of {@link UptimeRobotMonitor}. `diff` asks the API, so that an update, and a preview, sees what was changed or
 * deleted by hand without a refresh.
 */
export function monitorProvider(): pulumi.dynamic.ResourceProvider<MonitorInputs, MonitorInputs> {
  // An object, since serialised functions share objects but not variables.
  const key: { configured?: string } = {};
  const path = (id: string) => `/monitors/${encodeURIComponent(id)}`;
  return {
    async configure(request) {
      key.configured = request.config.get("uptimerobot:apiKey");
    },
    async check(_olds, news) {
      return checked(news, key.configured);
    },
    async create(inputs) {
      const call = client(key.configured);
      const id = await createOnce(
        async () => {
          const tagged = await list<LiveMonitor>(call, `/monitors?tags=${encodeURIComponent(inputs.marker)}`);
          return tagged.find(({ tags }) => (tags ?? []).some(({ name }) => name === inputs.marker))?.id;
        },
        async () => (await call<LiveMonitor>("POST", "/monitors", monitorBody(inputs))).id,
        (found) => call("PATCH", path(String(found)), monitorBody(inputs)),
      );
      return { id: String(id), outs: monitorState(inputs) };
    },
    async diff(id, _olds, news) {
      const live = await unlessGone(client(key.configured)<LiveMonitor>("GET", path(id)));
      if (live === undefined) return { changes: true, replaces: ["marker"], deleteBeforeReplace: true };
      const changed = differences(news, live);
      // UptimeRobot does not turn a monitor of one type into another.
      return {
        changes: changed.length > 0,
        replaces: changed.filter((name) => name === "type"),
        deleteBeforeReplace: true,
      };
    },
    async update(id, _olds, news) {
      await client(key.configured)("PATCH", path(id), monitorBody(news));
      return { outs: monitorState(news) };
    },
    async delete(id) {
      await unlessGone(client(key.configured)("DELETE", path(id)));
    },
  };
}

/** The provider of {@link UptimeRobotWebhook}. */
export function webhookProvider(): pulumi.dynamic.ResourceProvider<WebhookInputs, WebhookInputs> {
  // An object, since serialised functions share objects but not variables.
  const key: { configured?: string } = {};
  const path = (id: string) => `/integrations/${encodeURIComponent(id)}`;
  const data = ({ marker, url, token }: WebhookInputs) => ({
    friendlyName: marker,
    urlToNotify: url,
    enableNotificationsFor: "UpAndDown",
    sslExpirationReminder: false,
    sendAsJSON: true,
    postValue: JSON.stringify({ monitorID: "*monitorID*", alertType: "*alertType*" }),
    customHeaders: { Authorization: `Bearer ${token}` },
  });
  const state = ({ marker, url, token }: WebhookInputs) => ({ marker, url, token });
  return {
    async configure(request) {
      key.configured = request.config.get("uptimerobot:apiKey");
    },
    async check(_olds, news) {
      return checked(news, key.configured);
    },
    async create(inputs) {
      const call = client(key.configured);
      const id = await createOnce(
        async () => {
          const all = await list<LiveIntegration>(call, "/integrations");
          return all.find(({ type, friendlyName }) => type === "Webhook" && friendlyName === inputs.marker)?.id;
        },
        async () => (await call<LiveIntegration>("POST", "/integrations", { type: "Webhook", data: data(inputs) })).id,
        (found) => call("PATCH", path(String(found)), { type: "Webhook", data: data(inputs) }),
      );
      return { id: String(id), outs: state(inputs) };
    },
    async diff(id, olds, news) {
      const live = await unlessGone(client(key.configured)<LiveIntegration>("GET", path(id)));
      if (live === undefined) return { changes: true, replaces: ["marker"], deleteBeforeReplace: true };
      // The API does not tell the headers, so a token is compared with the one that was set last.
      const changes = live.friendlyName !== news.marker || olds.url !== news.url || olds.token !== news.token;
      return { changes };
    },
    async update(id, _olds, news) {
      await client(key.configured)("PATCH", path(id), { type: "Webhook", data: data(news) });
      return { outs: state(news) };
    },
    async delete(id) {
      await unlessGone(client(key.configured)("DELETE", path(id)));
    },
  };
}

/**
 * A monitor of UptimeRobot. There is no Pulumi package for it, so this is a dynamic resource on its REST API v3. Its id is
 * UptimeRobot's; its identity across interrupted updates is `marker`, kept as a tag. A replacement deletes first, since two
 * monitors with one marker could not be told apart.
 */
export class UptimeRobotMonitor extends pulumi.dynamic.Resource {
  constructor(name: string, args: UptimeRobotMonitorArgs, opts?: pulumi.CustomResourceOptions) {
    super(monitorProvider(), name, { ...args }, { ...opts, deleteBeforeReplace: true }, "uptimerobot", "Monitor");
  }
}

/** A webhook integration of UptimeRobot (Team and Enterprise plans), whose id is used as a monitor's contact. */
export class UptimeRobotWebhook extends pulumi.dynamic.Resource {
  constructor(name: string, args: UptimeRobotWebhookArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      webhookProvider(),
      name,
      { ...args, token: pulumi.secret(args.token) },
      { ...opts, deleteBeforeReplace: true, additionalSecretOutputs: ["token"] },
      "uptimerobot",
      "Webhook",
    );
  }
}
