// The one door to the admin API. Everything that fails is a Problem (RFC 9457).

export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  detail: string;
  errors?: { field: string; message: string }[];
}

const CHANGED =
  'Somebody else has changed this since you opened it, so nothing was done. Close this to see what it is now, and try again.';

export class Problem extends Error {
  constructor(readonly body: ProblemBody) {
    super(body.type.endsWith(':changed-meanwhile') ? CHANGED : body.detail || body.title);
  }

  get kind(): string {
    return this.body.type.replace('urn:parley:problem:', '');
  }

  /** What is wrong with one field of a form. */
  of(field: string): string {
    return this.body.errors?.find((error) => error.field === field)?.message ?? '';
  }
}

export interface Reply<T> {
  data: T;
  etag: string;
}

export interface List<T> {
  items: T[];
  next_cursor: string | null;
}

interface Options {
  body?: unknown;
  etag?: string;
  signal?: AbortSignal;
}

type Hooks = { csrf: string; signedOut: () => void; confirm: () => Promise<boolean>; outdated: () => void };

/** Set by those who know: how this module tells them without knowing them. */
export const hooks: Hooks = { csrf: '', signedOut: () => {}, confirm: async () => false, outdated: () => {} };

const DEADLINE_MS = 15_000;

async function request<T>(method: string, path: string, options: Options): Promise<Reply<T>> {
  const headers: Record<string, string> = {};
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.etag) headers['If-Match'] = options.etag;
  if (method !== 'GET') headers['X-CSRF-Token'] = hooks.csrf;
  if (method === 'POST') headers['Idempotency-Key'] = crypto.randomUUID();
  let response: Response;
  try {
    response = await fetch('/api/v1' + path, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal ?? AbortSignal.timeout(DEADLINE_MS),
      credentials: 'same-origin',
    });
  } catch (failure) {
    if (options.signal?.aborted) throw failure;
    throw new Problem({ type: 'disconnected', title: 'No connection', status: 0, detail: 'The broker does not answer.' });
  }
  if (response.ok) {
    const text = await response.text();
    return { data: (text ? JSON.parse(text) : undefined) as T, etag: response.headers.get('ETag') ?? '' };
  }
  throw new Problem(await problemOf(response));
}

async function problemOf(response: Response): Promise<ProblemBody> {
  try {
    return (await response.json()) as ProblemBody;
  } catch {
    return { type: 'unknown', title: 'Failed', status: response.status, detail: `The broker answered ${response.status}.` };
  }
}

/** Asks the API. A change that needs the password again asks for it, and is then tried once more. */
export async function call<T>(method: string, path: string, options: Options = {}): Promise<Reply<T>> {
  try {
    return await request<T>(method, path, options);
  } catch (failure) {
    if (failure instanceof Problem && failure.kind === 'confirmation-required' && (await hooks.confirm())) {
      return await request<T>(method, path, options);
    }
    if (failure instanceof Problem && failure.kind === 'unauthenticated') hooks.signedOut();
    if (failure instanceof Problem && failure.kind === 'changed-meanwhile') hooks.outdated();
    throw failure;
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call<T>('GET', path, { signal })).data;
}

export async function post<T>(path: string, body: unknown = {}): Promise<T> {
  return (await call<T>('POST', path, { body })).data;
}

/** A query string of what is set. */
export function query(values: Record<string, string | number | undefined | null>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return set.length ? '?' + new URLSearchParams(set.map(([key, value]) => [key, String(value)])) : '';
}
