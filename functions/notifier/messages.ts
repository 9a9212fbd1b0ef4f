import type { Bilingual } from "../../core/language";

/** An event as EventBridge brings it. */
export interface CloudEvent {
  readonly "detail-type": string;
  readonly source?: string;
  readonly time?: string;
  readonly resources?: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What people are told of an event. */
export interface Note {
  /** What it is about; one message a quarter of an hour for one subject. */
  readonly subject: string;
  readonly text: Bilingual;
}

/** How one kind of event is told. */
export interface Entry {
  /** Undefined where the event is worth the journal and no message. */
  readonly note: (event: CloudEvent) => Note | undefined;
  /** The dashboard marks the moment. */
  readonly mark?: (event: CloudEvent) => "deploy" | "flip" | undefined;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const last = (arn: unknown): string => text(arn).split("/").at(-1) ?? "";
const short = (value: unknown, length = 300): string => text(value).replace(/\s+/g, " ").slice(0, length);
const both = (subject: string, en: string, ko: string): Note => ({ subject, text: { en, ko } });

/** A stop that nobody minds: ECS replaced the task itself, by a deployment or by scaling. */
const ORDERLY = /^(Scaling activity initiated by|Task stopped by user|ECS is rebalancing)/;

/** Reasons for which an Auto Scaling group terminates an instance that nobody minds. */
const SCALED_IN =
  /(shrinking the capacity|in response to a difference between desired and actual capacity|instance refresh)/i;

/** Deployments of ECS and what has become of them. */
const ecsDeployment: Entry = {
  mark: ({ detail }) => (detail.eventName === "SERVICE_DEPLOYMENT_COMPLETED" ? "deploy" : undefined),
  note: ({ detail, resources }) => {
    if (detail.eventName !== "SERVICE_DEPLOYMENT_FAILED") return undefined;
    const service = last(resources?.[0]);
    return both(
      service,
      `The deployment of ${service} failed and is rolled back: ${short(detail.reason)}`,
      `${service} 배포가 실패하여 이전 버전으로 되돌립니다: ${short(detail.reason)}`,
    );
  },
};

const taskStopped: Entry = {
  note: ({ detail }) => {
    const reason = short(detail.stoppedReason);
    if (ORDERLY.test(reason)) return undefined;
    const service = text(detail.group).replace(/^service:/, "");
    const containers = Array.isArray(detail.containers) ? (detail.containers as Record<string, unknown>[]) : [];
    const exits = containers
      .filter(({ exitCode, reason: why }) => (exitCode !== undefined && exitCode !== 0) || why !== undefined)
      .map(({ name, exitCode, reason: why }) =>
        [text(name), exitCode === undefined ? "" : `exit ${exitCode}`, short(why)].filter(Boolean).join(" "),
      )
      .join("; ");
    const why = [reason, exits].filter(Boolean).join(". ");
    return both(
      service,
      `A task of ${service} stopped: ${why}. ECS starts another.`,
      `${service}의 태스크가 중지되었습니다: ${why}. ECS가 새 태스크를 시작합니다.`,
    );
  },
};

const instanceState: Entry = {
  note: ({ detail }) => {
    const [id, state] = [text(detail["instance-id"]), text(detail.state)];
    if (state !== "stopped" && state !== "terminated") return undefined;
    return both(
      id,
      `The instance ${id} is ${state}. The site does not answer from it until it runs again.`,
      `인스턴스 ${id}가 ${state === "stopped" ? "중지" : "종료"}되었습니다. 다시 실행될 때까지 사이트가 응답하지 않습니다.`,
    );
  },
};

const spotWarning: Entry = {
  note: ({ detail }) => {
    const id = text(detail["instance-id"]);
    return both(
      id,
      `AWS takes the Spot instance ${id} back in two minutes.`,
      `AWS가 2분 뒤 스팟 인스턴스 ${id}를 회수합니다.`,
    );
  },
};

const group = ({ detail }: CloudEvent) => text(detail.AutoScalingGroupName);

const launchFailed: Entry = {
  note: (event) =>
    both(
      group(event),
      `${group(event)} could not start an instance: ${short(event.detail.StatusMessage)}`,
      `${group(event)}에서 인스턴스를 시작하지 못했습니다: ${short(event.detail.StatusMessage)}`,
    ),
};

const terminated: Entry = {
  note: (event) => {
    const cause = short(event.detail.Cause);
    if (SCALED_IN.test(cause)) return undefined;
    return both(
      group(event),
      `${group(event)} replaces the instance ${text(event.detail.EC2InstanceId)}: ${cause}`,
      `${group(event)}에서 인스턴스 ${text(event.detail.EC2InstanceId)}를 교체합니다: ${cause}`,
    );
  },
};

const refreshed: Entry = { note: () => undefined, mark: () => "deploy" };

const refreshFailed: Entry = {
  note: (event) =>
    both(
      group(event),
      `The roll-out to ${group(event)} failed; the group goes back to the release before.`,
      `${group(event)} 배포가 실패하여 이전 릴리스로 되돌아갑니다.`,
    ),
};

/** RDS categories that are worth a message; a backup is not. */
const RDS_WORTH = /availability|failover|failure|low storage|maintenance|recovery|notification|restoration|security/i;

const database: Entry = {
  note: ({ detail }) => {
    const categories = Array.isArray(detail.EventCategories) ? detail.EventCategories.join(", ") : "";
    if (!RDS_WORTH.test(categories)) return undefined;
    const id = text(detail.SourceIdentifier);
    return both(id, `Database ${id}: ${short(detail.Message)}`, `데이터베이스 ${id}: ${short(detail.Message)}`);
  },
};

const health: Entry = {
  note: ({ detail }) => {
    const descriptions = Array.isArray(detail.eventDescription)
      ? (detail.eventDescription as Record<string, unknown>[])
      : [];
    const what = short(descriptions[0]?.latestDescription, 600);
    const code = text(detail.eventTypeCode);
    return both(
      code,
      `AWS Health, ${text(detail.service)}: ${code}. ${what}`,
      `AWS Health, ${text(detail.service)}: ${code}. ${what}`,
    );
  },
};

const certificate: Entry = {
  note: ({ detail, resources, "detail-type": type }) => {
    const name = text(detail.CommonName) || last(resources?.[0]);
    const days = detail.DaysToExpiry;
    const when = days === undefined ? type : `${type} (${days} days)`;
    return both(
      name,
      `Certificate of ${name}: ${when}. Check that its validation record is still in the zone.`,
      `${name} 인증서: ${when}. 검증용 DNS 레코드가 영역에 남아 있는지 확인하세요.`,
    );
  },
};

const recoveryRun: Entry = {
  note: ({ detail }) => {
    const status = text(detail.Status);
    if (!/^(Failed|TimedOut|Cancelled)$/.test(status)) return undefined;
    const document = text(detail.Definition);
    return both(
      document,
      `A recovery run ended as ${status}: it did not bring the site back. Look at execution ${text(detail.ExecutionId)}.`,
      `자동 복구가 ${status} 상태로 끝났습니다. 사이트가 복구되지 않았을 수 있습니다. 실행 ID: ${text(detail.ExecutionId)}`,
    );
  },
};

const trafficMoved: Entry = {
  mark: () => "flip",
  note: ({ detail }) =>
    both(
      text(detail.name),
      "Traffic was moved: an update or `platform migrate` changed who serves the site.",
      "트래픽이 전환되었습니다. `pulumi up` 또는 `platform migrate`로 서비스 구성이 바뀌었습니다.",
    ),
};

/** By the event's detail type. To tell of another event: a row here, and a rule in components/monitoring/notifier.ts. */
export const ENTRIES: Readonly<Record<string, Entry>> = {
  "AWS Health Event": health,
  "EC2 Instance State-change Notification": instanceState,
  "EC2 Spot Instance Interruption Warning": spotWarning,
  "EC2 Instance Launch Unsuccessful": launchFailed,
  "EC2 Instance Terminate Successful": terminated,
  "EC2 Auto Scaling Instance Refresh Succeeded": refreshed,
  "EC2 Auto Scaling Instance Refresh Failed": refreshFailed,
  "ECS Deployment State Change": ecsDeployment,
  "ECS Task State Change": taskStopped,
  "RDS DB Instance Event": database,
  "ACM Certificate Approaching Expiration": certificate,
  "ACM Certificate Expired": certificate,
  "ACM Certificate Renewal Action Required": certificate,
  "EC2 Automation Execution Status-change Notification": recoveryRun,
  "Parameter Store Change": trafficMoved,
};
