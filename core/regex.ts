/**
 * A regular expression that is written over several lines: line ends and the indentation after them are no part of it. Another one in it
 * stands there with its source.
 *
 * @example regex("i")`
 *   first|second|
 *   third` // /first|second|third/i
 */
export const regex =
  (flags = "") =>
  ({ raw }: TemplateStringsArray, ...parts: readonly RegExp[]): RegExp =>
    new RegExp(String.raw({ raw }, ...parts.map(({ source }) => source)).replace(/\n\s*/g, ""), flags);
