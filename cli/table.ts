import Table, { type TableConstructorOptions } from "cli-table3";
import pc from "picocolors";

/**
 * An empty table with a bold head. cli-table3 would colour it by itself, also in a pipe and under NO_COLOR, so it is told to
 * colour nothing.
 */
export const newTable = ({ head = [], style, ...options }: TableConstructorOptions): Table.Table =>
  new Table({ ...options, head: head.map(pc.bold), style: { compact: true, ...style, head: [], border: [] } });
