import type { Visit } from "./harness/client";

/** One second of what visitors met. */
export interface Second {
  /** Seconds since the drill's first request. */
  readonly at: number;
  readonly requests: number;
  /** Requests that got no answer, or an error. */
  readonly lost: number;
  /** Milliseconds within which 95 of 100 answers came; undefined in a second without an answer. */
  readonly p95?: number;
}

/** A moment of the drill: a fault, the recovery's start, the first good second after it. */
export interface Mark {
  readonly at: number;
  readonly kind: "fault" | "recovery" | "healthy";
  readonly text: string;
}

/** Visits by the second in which they were sent; seconds without any are left out. */
export function bySecond(visits: readonly Visit[], start: number): Second[] {
  const groups = new Map<number, Visit[]>();
  for (const visit of visits) {
    const at = Math.floor((visit.at - start) / 1000);
    groups.set(at, [...(groups.get(at) ?? []), visit]);
  }
  return [...groups.entries()]
    .sort(([a], [b]) => a - b)
    .map(([at, group]) => {
      const answered = group.filter(({ status }) => status === 200).map(({ milliseconds }) => milliseconds);
      const p95 = answered.sort((a, b) => a - b)[Math.max(0, Math.ceil(answered.length * 0.95) - 1)];
      return {
        at,
        requests: group.length,
        lost: group.length - answered.length,
        ...(p95 === undefined ? {} : { p95 }),
      };
    });
}

const WIDTH = 960;
const LEFT = 60;
const RIGHT = 16;
const ROW = 110;
const GAP = 36;
const TOP = 60;
const COLORS = { fault: "#c0392b", recovery: "#2471a3", healthy: "#1e8449" } as const;

/** Graphs of a dashboard's sections, in its order: title, unit, and what of a second is drawn. */
const GRAPHS: readonly { title: string; unit: string; color: string; of: (second: Second) => number | undefined }[] = [
  { title: "Traffic", unit: "requests / s", color: "#2e86c1", of: ({ requests }) => requests },
  { title: "Errors", unit: "lost / s", color: "#c0392b", of: ({ lost }) => lost },
  { title: "Latency", unit: "p95, ms", color: "#8e44ad", of: ({ p95 }) => p95 },
];

const escaped = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/** The dashboard's traffic, errors and latency as one drill had them, with its faults and recoveries as marks. */
export function dashboardPicture(title: string, seconds: readonly Second[], marks: readonly Mark[]): string {
  const end = Math.max(1, ...seconds.map(({ at }) => at), ...marks.map(({ at }) => at)) + 1;
  const x = (at: number) => LEFT + (at / end) * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + GRAPHS.length * (ROW + GAP);
  const height = bottom + 30 + Math.ceil(marks.filter(({ kind }) => kind === "fault").length / 2) * 18;
  const parts = GRAPHS.map(({ title: name, unit, color, of }, index) => {
    const top = TOP + index * (ROW + GAP);
    const most = Math.max(1, ...seconds.flatMap((second) => of(second) ?? []));
    const bars = seconds
      .map((second) => {
        const value = of(second);
        if (!value) return "";
        const tall = (value / most) * ROW;
        return (
          `<rect x="${x(second.at).toFixed(1)}" y="${(top + ROW - tall).toFixed(1)}" ` +
          `width="${Math.max(0.8, x(1) - x(0)).toFixed(1)}" height="${tall.toFixed(1)}" fill="${color}"/>`
        );
      })
      .join("");
    return [
      `<text x="${LEFT}" y="${top - 8}" font-weight="bold">${name}</text>`,
      `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${Math.round(most)}</text>`,
      `<text x="${LEFT - 6}" y="${top + ROW}" text-anchor="end">0</text>`,
      `<text x="${WIDTH - RIGHT}" y="${top - 8}" text-anchor="end">${unit}</text>`,
      `<path d="M${LEFT} ${top}V${top + ROW}H${WIDTH - RIGHT}" fill="none" stroke="#888"/>${bars}`,
    ].join("");
  });
  const lines = marks.map(
    ({ at, kind }) =>
      `<path d="M${x(at).toFixed(1)} ${TOP - 4}V${bottom - GAP}" stroke="${COLORS[kind]}" ` +
      `stroke-dasharray="${kind === "fault" ? "none" : "4 3"}"/>`,
  );
  const faults = marks.filter(({ kind }) => kind === "fault");
  const names = faults.map(({ text, at }, index) => {
    const [left, top] = [LEFT + (index % 2) * ((WIDTH - LEFT) / 2), bottom + 14 + Math.floor(index / 2) * 18];
    return [
      `<text x="${left}" y="${top}">${index + 1}. ${escaped(text)} (${Math.round(at)} s)</text>`,
      `<text x="${x(at).toFixed(1)}" y="${TOP - 8}" text-anchor="middle" fill="${COLORS.fault}">${index + 1}</text>`,
    ].join("");
  });
  const key = (Object.entries(COLORS) as [Mark["kind"], string][])
    .map(([kind, color], index) => `<tspan fill="${color}"${index ? ' dx="12"' : ""}>| ${kind}</tspan>`)
    .join("");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" `,
    `font-size="12" role="img" aria-label="${escaped(title)}"><rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="16" font-weight="bold">${escaped(title)}</text>`,
    `<text x="${WIDTH - RIGHT}" y="22" text-anchor="end">${key}</text>`,
    ...[...parts, ...lines, ...names],
    "</svg>\n",
  ].join("");
}
