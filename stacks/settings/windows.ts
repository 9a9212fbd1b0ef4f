/** A stretch of a week in minutes from Sunday 00:00 UTC; one that passes the week's end goes on beyond {@link WEEK}. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

const DAY = 24 * 60;
const WEEK = 7 * DAY;
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Shortest window that RDS accepts, in minutes. */
export const SHORTEST_WINDOW = 30;

const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const stretch = (from: number, to: number, wrap: number): TimeRange => ({ from, to: to > from ? to : to + wrap });

/** `17:00-18:00`, or a window past midnight, on each day of the week. */
export function dailyWindow(window: string): TimeRange[] {
  const [from = "", to = ""] = window.split("-");
  const { from: start, to: end } = stretch(minutes(from), minutes(to), DAY);
  return days.map((_, day) => ({ from: start + day * DAY, to: end + day * DAY }));
}

/** `sun:18:30-sun:19:30`, also past the week's end. */
export function weeklyWindow(window: string): TimeRange {
  const at = (point: string) => days.indexOf(point.slice(0, 3)) * DAY + minutes(point.slice(4));
  const [from = "", to = ""] = window.split("-");
  return stretch(at(from), at(to), WEEK);
}

export const lengthOf = ({ from, to }: TimeRange): number => to - from;

/** Whether two stretches of a repeating week share a minute. */
export function overlap(a: TimeRange, b: TimeRange): boolean {
  return [-WEEK, 0, WEEK].some((shift) => a.from < b.to + shift && b.from + shift < a.to);
}
