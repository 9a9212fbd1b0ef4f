import { answer, health } from "../../../lib/health";

export const dynamic = "force-dynamic";

/** Whether this process answers at all. It asks nothing else, so that a lost database never gets a healthy process restarted. */
export function GET(request: Request): Response {
  return answer(health("ok"), request.method);
}

export const HEAD = GET;
