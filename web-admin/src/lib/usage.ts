// What a usage report says, as chart and tables show it.
import type { Series } from '../ui/Bars.svelte';
import type { UsageRow } from './types';

/** How many are shown by themselves in a chart, and in a table; the others are together. */
export const SERIES_MAX = 7;
export const SUMS_MAX = 200;
export const OTHERS = 'all others';

/** The classes of tokens; what each cost stands in the field of its name with _nano_usd behind it. */
const TOKENS = [
  ['text_in', 'Text in'],
  ['text_cached', 'Text in, cached'],
  ['audio_in', 'Audio in'],
  ['audio_cached', 'Audio in, cached'],
  ['image_in', 'Image in'],
  ['image_cached', 'Image in, cached'],
  ['text_out', 'Text out'],
  ['audio_out', 'Audio out'],
] as const;

/** What a bar or a line of a table is made of: entries of a dimension's value, or tokens of a class. */
export interface Part {
  at: string;
  name: string;
  cost: bigint;
  count: number;
}

/** A row for each value of a dimension. */
export function byDimension(rows: UsageRow[], dimension: string): Part[] {
  return rows.map((row) => ({
    at: row.at ?? '',
    name: row[dimension as keyof UsageRow]?.toString() ?? OTHERS,
    cost: BigInt(row.cost_nano_usd),
    count: row.entries,
  }));
}

/** A row for each class of tokens, and for what costs by the minute or was corrected in money only. */
export function byClass(rows: UsageRow[]): Part[] {
  return rows
    .flatMap((row) => [
      ...TOKENS.map(([key, name]) => ({ at: row.at ?? '', name: name as string, cost: BigInt(row[`${key}_nano_usd`]), count: row[key] })),
      { at: row.at ?? '', name: 'By the minute', cost: BigInt(row.time_nano_usd), count: 0 },
      { at: row.at ?? '', name: 'Corrections', cost: BigInt(row.other_nano_usd), count: 0 },
    ])
    .filter((part) => part.cost !== 0n || part.count !== 0);
}

/** Summed by name, the dearest first, the others last. */
export function sums(parts: Part[]): Part[] {
  const all = new Map<string, Part>();
  for (const part of parts) {
    const one = all.get(part.name) ?? { at: '', name: part.name, cost: 0n, count: 0 };
    all.set(part.name, { ...one, cost: one.cost + part.cost, count: one.count + part.count });
  }
  const last = (part: Part) => Number(part.name === OTHERS);
  return [...all.values()].sort(
    (a, b) => last(a) - last(b) || (a.cost < b.cost ? 1 : a.cost > b.cost ? -1 : b.count - a.count || a.name.localeCompare(b.name)),
  );
}

/** Over time: the first ones by themselves, the others together. */
export function series(parts: Part[], times: string[], value: (part: Part) => number): Series[] {
  const place = new Map(times.map((time, i) => [Date.parse(time), i]));
  const named = sums(parts).map((part) => part.name);
  const own = named.filter((name) => name !== OTHERS).slice(0, SERIES_MAX);
  const names = named.length > own.length ? [...own, OTHERS] : own;
  const all = names.map((name) => ({ name, values: times.map(() => 0) }));
  for (const part of parts) {
    const at = place.get(Date.parse(part.at));
    const which = own.indexOf(part.name);
    if (at !== undefined) all[which < 0 ? own.length : which]!.values[at]! += value(part);
  }
  return all;
}

/** What the month will have cost, if it goes on like this. */
export function forecast(total: bigint, from: Date, end: Date): bigint | null {
  const whole = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1) - +from;
  const past = +end - +from;
  return past < 3_600_000 ? null : (total * BigInt(Math.round(whole / 1000))) / BigInt(Math.round(past / 1000));
}
