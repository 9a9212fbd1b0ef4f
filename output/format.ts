import type { Language } from "../core/language";

/** Figures as people read them; the same in the terminal and in the report. */

export const dollars = (usd: number): string => `${usd < 0 ? "-" : ""}$${Math.abs(usd).toFixed(2)}`;

export const signedDollars = (usd: number): string =>
  Math.abs(usd) < 0.005 ? "$0.00" : `${usd > 0 ? "+" : ""}${dollars(usd)}`;

/** A share of time in percent, rounded down: two digits, three where the third is not 0. */
export function percent(share: number): string {
  const thousandths = Math.floor(share * 100_000 + 1e-6);
  return `${thousandths % 10 === 0 ? (thousandths / 1000).toFixed(2) : (thousandths / 1000).toFixed(3)} %`;
}

const UNITS = { en: { h: " h", min: " min", s: " s" }, ko: { h: "시간", min: "분", s: "초" } } as const;

/** `45 s`, `3 min`, `1 h 30 min`. */
export function duration(seconds: number, language: Language = "en"): string {
  const { h, min, s } = UNITS[language];
  if (seconds < 90) return `${Math.round(seconds)}${s}`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90 && minutes !== 60) return `${minutes}${min}`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)}${h}${rest > 0 ? ` ${rest}${min}` : ""}`;
}
