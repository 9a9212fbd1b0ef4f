import type { Bilingual } from "../../core/language";

/** What a page says by itself. */
export const pageTexts = {
  skip: { en: "Skip to content", ko: "본문으로 건너뛰기" },
  contents: { en: "Contents", ko: "목차" },
} as const satisfies Record<string, Bilingual>;
