// Numbers, money and times as people read them. Money is exact: it is never a floating-point number.

const NANO_DIGITS = 9;

/** Nano-dollars as dollars, every digit of them: "7184800" is "$0.0071848". */
export function usd(nanos: string | bigint): string {
  const value = BigInt(nanos);
  const digits = (value < 0n ? -value : value).toString().padStart(NANO_DIGITS + 1, '0');
  const whole = digits.slice(0, -NANO_DIGITS).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.slice(-NANO_DIGITS).replace(/0+$/, '').padEnd(2, '0');
  return `${value < 0n ? '−' : ''}$${whole}.${fraction}`;
}

/** The same cut to what fits an axis or a tile; the exact amount belongs beside it. */
export function usdShort(nanos: string | bigint): string {
  const value = BigInt(nanos);
  const dollars = Number(value) / 1e9;
  const sign = dollars < 0 ? '−$' : '$';
  if (value !== 0n && Math.abs(dollars) < 0.01) return sign + Number(Math.abs(dollars).toPrecision(2)).toString();
  return (
    sign +
    Math.abs(dollars).toLocaleString('en-US', {
      notation: Math.abs(dollars) >= 100_000 ? 'compact' : 'standard',
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    })
  );
}

/** Dollars as typed, as nano-dollars; null if they are none. */
export function nanosOf(dollars: string): string | null {
  const match = /^\s*\$?(\d{1,10})(?:[.,](\d{1,9}))?\s*$/.exec(dollars);
  if (!match) return null;
  return (BigInt(match[1]!) * 10n ** 9n + BigInt((match[2] ?? '').padEnd(NANO_DIGITS, '0'))).toString();
}

/** Nano-dollars as one types them. */
export function dollarsOf(nanos: string): string {
  return usd(nanos).replace(/[$,]/g, '');
}

export function sum(nanos: Iterable<string>): bigint {
  let total = 0n;
  for (const one of nanos) total += BigInt(one);
  return total;
}

/** A part of a whole, 0 to 1. */
export function share(part: string, whole: string): number {
  const all = BigInt(whole);
  return all <= 0n ? (BigInt(part) > 0n ? 1 : 0) : Number((BigInt(part) * 10_000n) / all) / 10_000;
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function countShort(value: number): string {
  return value.toLocaleString('en-US', { notation: 'compact', maximumFractionDigits: 1 });
}

/** A size, such as "1.5 kB". */
export function bytes(value: number): string {
  return value < 1_000 ? `${value} B` : value < 1_000_000 ? `${(value / 1_000).toFixed(1)} kB` : `${(value / 1_000_000).toFixed(1)} MB`;
}

export function percent(value: number): string {
  return (value * 100).toLocaleString('en-US', { maximumFractionDigits: value < 0.1 ? 1 : 0 }) + '%';
}

export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  if (s < 86_400) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`;
}

export function ago(at: string, now: number): string {
  const ms = now - Date.parse(at);
  if (Math.abs(ms) < 5_000) return 'just now'; // the server's clock can be ahead
  if (ms < 0) return 'in ' + duration(-ms).replace(/ (\d\d )?s$| \d\d min$/, (rest) => (rest.startsWith(' s') ? rest : ''));
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s ago`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ago`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h ago`;
  return `${Math.floor(ms / 86_400_000)} d ago`;
}

const DAY_TIME = new Intl.DateTimeFormat('en-GB', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const DATE_TIME = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });

/** In the viewer's zone. */
export function localTime(at: string): string {
  const date = new Date(at);
  return date.getFullYear() === new Date().getFullYear() ? DAY_TIME.format(date) : DATE_TIME.format(date);
}

/** As an input of type datetime-local has it, in the viewer's zone. */
export function typedTime(at: string): string {
  const date = new Date(at);
  return new Date(+date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function utc(at: string): string {
  return new Date(at).toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
}

/** A browser and its system, of the header that browsers send. */
export function browser(agent: string): string {
  const name = /(Firefox|Edg|Chrome|Safari)\/[\d.]+/.exec(agent)?.[0] ?? agent.slice(0, 40);
  const system = /\(([^;)]+)/.exec(agent)?.[1] ?? '';
  return `${name.replace('Edg', 'Edge')} ${system}`;
}
