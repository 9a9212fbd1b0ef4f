import type { Plan, PlannedResource } from "../../core/plan-format";
import type { Usage } from "../../core/usage";

/** What a resource consumes in a month; the price is looked up by key. */
export interface Item {
  readonly item: string;
  /** Key in the price table; undefined for something that is billed but has no price there. */
  readonly price?: string;
  readonly quantity: number;
  readonly kind: "fixed" | "usage";
  readonly assumption?: string;
  /** Why there is no price, and what to do. */
  readonly unknown?: string;
}

export interface CostContext {
  readonly plan: Plan;
  readonly usage: Usage;
  readonly region: string;
}

/** What a resource of one type consumes. */
export type Estimate = (resource: PlannedResource, context: CostContext) => Item[];

/** Hours of a month in AWS's own calculators (8,760 / 12). */
export const HOURS_PER_MONTH = 730;
export const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;

export const fixed = (item: string, price: string, quantity: number, assumption?: string): Item => ({
  item,
  price,
  quantity,
  kind: "fixed",
  ...(assumption ? { assumption } : {}),
});
export const usage = (item: string, price: string, quantity: number, assumption?: string): Item => ({
  ...fixed(item, price, quantity, assumption),
  kind: "usage",
});
export const unknownPrice = (item: string, reason: string): Item => ({
  item,
  quantity: 0,
  kind: "fixed",
  unknown: `${item}: ${reason}`,
});
