/** A text in the languages that people are told in. A table of these by id lacks no translation, or it does not compile. */
export interface Bilingual {
  readonly en: string;
  readonly ko: string;
}

export type Language = keyof Bilingual;
export const languages = ["en", "ko"] as const satisfies readonly Language[];

/** Says the texts of a table in one language. */
export const speak =
  <Id extends string>(texts: Readonly<Record<Id, Bilingual>>, language: Language) =>
  (id: Id): string =>
    texts[id][language];
