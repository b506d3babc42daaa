// The times that a report can look at.
export interface Period {
  id: string;
  name: string;
  bucket: 'minute' | 'hour' | 'day' | 'month';
  from: (now: Date) => Date;
  to: (now: Date) => Date;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function month(now: Date, shift: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + shift, 1));
}

export const PERIODS: Period[] = [
  { id: '1h', name: 'Last hour', bucket: 'minute', from: (now) => new Date(+now - HOUR), to: (now) => now },
  { id: '24h', name: 'Last 24 hours', bucket: 'hour', from: (now) => new Date(+now - DAY), to: (now) => now },
  { id: '7d', name: 'Last 7 days', bucket: 'hour', from: (now) => new Date(+now - 7 * DAY), to: (now) => now },
  { id: '30d', name: 'Last 30 days', bucket: 'day', from: (now) => new Date(+now - 30 * DAY), to: (now) => now },
  { id: 'month', name: 'This month (UTC)', bucket: 'day', from: (now) => month(now, 0), to: (now) => now },
  { id: 'last', name: 'Last month (UTC)', bucket: 'day', from: (now) => month(now, -1), to: (now) => month(now, 0) },
  { id: 'year', name: 'Last 12 months', bucket: 'month', from: (now) => month(now, -11), to: (now) => now },
];

export function period(id: string | undefined, otherwise = '24h'): Period {
  return PERIODS.find((one) => one.id === id) ?? PERIODS.find((one) => one.id === otherwise)!;
}

/** Every bucket from the first to the last, those with nothing in them too. */
export function buckets(from: Date, to: Date, size: Period['bucket']): string[] {
  const at = new Date(from);
  at.setUTCSeconds(0, 0);
  if (size !== 'minute') at.setUTCMinutes(0);
  if (size === 'day' || size === 'month') at.setUTCHours(0);
  if (size === 'month') at.setUTCDate(1);
  const all: string[] = [];
  while (at < to && all.length < 2_000) {
    all.push(at.toISOString());
    if (size === 'minute') at.setUTCMinutes(at.getUTCMinutes() + 1);
    else if (size === 'hour') at.setUTCHours(at.getUTCHours() + 1);
    else if (size === 'day') at.setUTCDate(at.getUTCDate() + 1);
    else at.setUTCMonth(at.getUTCMonth() + 1);
  }
  return all;
}
