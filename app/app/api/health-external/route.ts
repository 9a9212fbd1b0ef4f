import { database } from "../../../lib/db";
import { answer, health, within } from "../../../lib/health";

export const dynamic = "force-dynamic";

/** Milliseconds that the database may take, below the load balancer's health check time-out of 5 s. */
const DATABASE_LIMIT = 2_000;

/** Whether a visitor can be served: process and database. 503 names no reason; the reason is in the log. */
export async function GET(request: Request): Promise<Response> {
  try {
    await within(DATABASE_LIMIT, database().$queryRaw`SELECT 1`);
    return answer(health("ok"), request.method);
  } catch (error) {
    console.error("health check failed:", error instanceof Error ? error.message : error);
    return answer(health("unavailable"), request.method);
  }
}

export const HEAD = GET;
