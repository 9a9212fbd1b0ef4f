import type { EventBridgeEvent, LambdaFunctionURLEvent, LambdaFunctionURLResult } from "aws-lambda";
import { bearerMatches } from "../bearer";

/** State change of a CloudWatch alarm, as EventBridge brings it from the region of the health check. */
export type AlarmEvent = EventBridgeEvent<"CloudWatch Alarm State Change", { state: { value: string } }>;

export interface ReceiverOptions {
  /** SHA-256 of the token that a webhook must present, in hex; undefined refuses every webhook. */
  readonly tokenSha256: string | undefined;
  /** Writes the metric: 1 for a healthy site, 0 for one that is down. */
  readonly write: (healthy: 0 | 1) => Promise<void>;
}

/** A webhook of UptimeRobot is below 4 KB; more is somebody else. */
const maxBodyBytes = 16_384;

/** UptimeRobot's `alertType`: 1 down, 2 up. Others (3: the certificate expires soon) say nothing about reachability. */
const alertTypes: Readonly<Record<string, 0 | 1>> = { "1": 0, "2": 1 };

/** States of the health check's alarm. `INSUFFICIENT_DATA` says nothing. */
const alarmStates: Readonly<Record<string, 0 | 1>> = { ALARM: 0, OK: 1 };

/**
 * Turns what outside eyes report into one metric in the home region. It is called by UptimeRobot through the function's
 * public URL, and by EventBridge with alarms of Route 53 health checks. Only the latter is trusted as it is: a request through
 * the URL always arrives wrapped in `requestContext`, so that it cannot pass for an event.
 */
export function receiver({ tokenSha256, write }: ReceiverOptions) {
  return async (event: LambdaFunctionURLEvent | AlarmEvent): Promise<LambdaFunctionURLResult> => {
    if (!("requestContext" in event)) {
      const healthy = alarmStates[event.detail.state.value];
      if (healthy !== undefined) await write(healthy);
      return { statusCode: 204 };
    }
    if (!bearerMatches(event.headers.authorization, tokenSha256)) return { statusCode: 401 };
    if (event.requestContext.http.method !== "POST") return { statusCode: 405, headers: { Allow: "POST" } };
    const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
    if (body.length > maxBodyBytes) return { statusCode: 413 };
    const alertType = readAlertType(body.toString());
    if (alertType === undefined) return { statusCode: 400, body: "alertType is missing: send JSON with alertType" };
    const healthy = alertTypes[alertType];
    if (healthy !== undefined) await write(healthy);
    return { statusCode: 204 };
  };
}

function readAlertType(body: string): string | undefined {
  try {
    const { alertType } = JSON.parse(body);
    return alertType === undefined ? undefined : String(alertType);
  } catch {
    return undefined;
  }
}
