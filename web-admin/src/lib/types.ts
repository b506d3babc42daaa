// The resources of the admin API, as openapi.yaml describes them. Money is a text of whole nano-dollars.

export interface Me {
  id: string;
  administrator: string;
  role: 'viewer' | 'operator' | 'owner';
  /** Else they confirm at the OpenID provider. */
  has_password: boolean;
  permissions: string[];
  confirmed_until: string;
  csrf_token: string;
}

export interface Minute {
  minute: string;
  cost_nano_usd: string;
  entries: number;
  errors: number;
}

export interface Percentiles {
  p50_millis: number;
  p95_millis: number;
}

export interface Overview {
  now: string;
  sessions: number;
  tenants: number;
  minutes: Minute[];
  latency: { turns: number; first_output: Percentiles | null; first_audio: Percentiles | null };
  upstream_warnings: { kind: 'breaker' | 'account_full' | 'pool_waits' | 'node_silent'; node: string; name: string; detail: string }[];
  budget_warnings: { tenant: string; limit_key: string; spent_nano_usd: string; limit_nano_usd: string; window_end: string | null }[];
  busiest: { tenant: string; sessions: number }[];
}

export const LIMITS = [
  ['sessions_max', 'Sessions at once', ''],
  ['subject_sessions_max', 'Sessions at once of one subject', ''],
  ['session_length_max_seconds', 'Longest session', 'seconds'],
  ['resume_window_seconds', 'A lost client may come back for', 'seconds'],
  ['upstream_replacements_max', 'Other upstream sessions for one', ''],
  ['output_tokens_max', 'Output tokens of a response', ''],
  ['session_starts_per_minute', 'Session starts', 'a minute'],
  ['responses_per_minute', 'Responses', 'a minute'],
  ['tokens_per_minute', 'Tokens', 'a minute'],
  ['audio_seconds_per_day', 'Audio that clients send', 'seconds a day'],
  ['subject_session_starts_per_minute', 'Session starts of one subject', 'a minute'],
  ['subject_responses_per_minute', 'Responses of one subject', 'a minute'],
  ['subject_tokens_per_minute', 'Tokens of one subject', 'a minute'],
  ['subject_audio_seconds_per_day', 'Audio that one subject sends', 'seconds a day'],
] as const;

export type LimitName = (typeof LIMITS)[number][0];

export interface BudgetSetting {
  name: string;
  unit: 'money' | 'tokens';
  period: 'hour' | 'day' | 'month' | 'total';
  scope: 'tenant' | 'each_subject' | 'subject';
  subject: string | null;
  /** Null: without limit. */
  amount: string | null;
  hard: boolean;
  thresholds: number[];
}

/** What is null, or not there, says nothing; a limit that is null is without limit. */
export interface Settings {
  limits: Partial<Record<LimitName, number | null>>;
  budgets: BudgetSetting[];
  close_on_exhausted: boolean | null;
  mcp_allowed: boolean | null;
  prompts_allowed: boolean | null;
  content_capture: boolean | null;
  models: string[] | null;
  voices: string[] | null;
  /** How conversations use upstream sessions. */
  pool_mode: 'session' | 'turn' | null;
  /** Models that are in pool mode turn whatever pool_mode says. */
  turn_models: string[] | null;
}

export interface Tenant {
  id: string;
  name: string;
  status: 'active' | 'suspended';
  plan: string;
  /** What is said of the tenant itself. */
  own: Settings;
  /** What holds: its own over its plan's over the broker's. */
  settings: Settings;
  tokens_valid_from: string;
  generation: number;
  created_at: string;
  updated_at: string;
  sessions: number;
  burn: { budget: string; spent_nano_usd: string; limit_nano_usd: string; window_end: string | null } | null;
}

export interface Plan {
  id: string;
  name: string;
  settings: Settings;
  generation: number;
  created_at: string;
  updated_at: string;
  tenants: number;
}

export interface Plans {
  items: Plan[];
  /** What holds where neither tenant nor plan say anything. */
  defaults: Settings;
}

export interface Budget {
  limit_key: string;
  budget: string | null;
  subject: string;
  unit: string;
  hard: boolean;
  window_start: string;
  window_end: string | null;
  spent: string;
  limit_amount: string;
  reserved: string;
}

export interface Issuer {
  name: string;
  source: 'hs256' | 'key' | 'jwks';
  algorithms: string[];
  detail: string;
  created_at: string;
}

/** As its permit says. */
export interface LiveSession {
  id: string;
  tenant: string;
  subject: string;
  model: string;
  node: string;
  started_at: string;
}

export interface SessionDetail {
  id: string;
  tenant: string;
  subject: string;
  model: string | null;
  node: string | null;
  started_at: string;
  live: boolean;
  cost_nano_usd: string;
  entries: number;
  errors: number;
  account: string | null;
  upstream_session: string | null;
}

export interface Standing {
  account: string | null;
  upstream_session: string | null;
  reserved_nano_usd: string;
  ends_at: string;
  limits: { unit: 'responses' | 'tokens'; limit: number; remaining: number; resets_in_millis: number }[];
}

export interface Turn {
  response: string;
  account: string | null;
  asked_at: string;
  first_output_at: string | null;
  first_audio_at: string | null;
  done_at: string | null;
}

export interface Timeline {
  standing: Standing | null;
  spans: { from: 'client' | 'upstream'; type: string; first_at: string; last_at: string; events: number; bytes: number }[];
  turns: Turn[];
}

/** An event; or the pieces of one text, or of audio, that followed each other. */
export interface Said {
  /** Stays the entry's while it grows. */
  no: number;
  from: 'client' | 'upstream';
  type: string;
  first_at: string;
  last_at: string;
  events: number;
  bytes: number;
  /** The first event, without audio, images and secrets; its end may be cut. Null: it was too large. */
  json: string | null;
  text: string | null;
  audio_bytes: number | null;
  audio_millis: number | null;
}

export interface Content {
  allowed: boolean;
  entries: Said[];
  dropped: number;
}

export interface UsageEntry {
  reference: string;
  work: string;
  kind: string;
  status: string;
  model: string;
  reserved_at: string | null;
  at: string;
  text_in: number;
  audio_in: number;
  image_in: number;
  cached_text: number;
  cached_audio: number;
  cached_image: number;
  text_out: number;
  audio_out: number;
  millis: number;
  account: string;
  cost_nano_usd: string;
}

type TokenClass = 'text_in' | 'text_cached' | 'text_out' | 'audio_in' | 'audio_cached' | 'audio_out' | 'image_in' | 'image_cached';

/** The dimension asked for is null in the row of all the others; the amounts sum to the cost. */
export type UsageRow = {
  at?: string;
  tenant?: string | null;
  subject?: string | null;
  model?: string | null;
  work?: string | null;
  kind?: string | null;
  status?: string | null;
  account?: string | null;
  node?: string | null;
  entries: number;
  cost_nano_usd: string;
  millis: number;
} & Record<TokenClass, number> &
  Record<`${TokenClass | 'time' | 'other'}_nano_usd`, string>;

export interface UsageReport {
  from: string;
  to: string;
  bucket: string;
  items: UsageRow[];
}

export interface Billing {
  /** Entries, cost and seal of closed ones only. */
  periods: {
    period: number;
    state: 'open' | 'closed';
    entries: number | null;
    cost_nano_usd: string | null;
    last_seal: number | null;
    closed_at: string | null;
    late: number;
    obstacles: string[];
  }[];
  seals: { last: number; sealed_at: string | null };
  consumers: { consumer: string; seal: number; behind: number; moved_at: string }[];
  corrections: { at: string; tenant: string; work: string; model: string; account: string; reference: string; cost_nano_usd: string }[];
  burned: { tenant: string; limit_key: string; subject: string; unit: 'money' | 'tokens'; node: string; amount: string }[];
}

export interface ErrorGroup {
  code: string;
  origin: 'client' | 'upstream' | 'broker';
  errors: number;
  tenants: number;
  sessions: number;
  first_at: string;
  last_at: string;
  last_detail: string;
  trend: number[];
}

export interface SessionError {
  id: number;
  tenant: string;
  subject: string | null;
  session: string | null;
  origin: string;
  code: string;
  detail: string;
  close_code: number | null;
  at: string;
}

export interface Node {
  name: string;
  epoch: number;
  started_at: string;
  ended_at: string | null;
  address: string;
  version: string;
  state: string;
  heartbeat_age_millis: number;
  sessions: number;
}

export const RATES = [
  ['text_in_nano', 'Text in'],
  ['text_cached_nano', 'Text cached'],
  ['text_out_nano', 'Text out'],
  ['audio_in_nano', 'Audio in'],
  ['audio_cached_nano', 'Audio cached'],
  ['audio_out_nano', 'Audio out'],
  ['image_in_nano', 'Image in'],
  ['image_cached_nano', 'Image cached'],
  ['minute_nano', 'Minute'],
] as const;

export type Price = { version: number; valid_from: string; in_force: boolean } & Record<(typeof RATES)[number][0], number>;

export interface Model {
  name: string;
  kind: 'conversation' | 'transcription' | 'translation';
  context_tokens_max: number;
  output_tokens_max: number;
  shutdown_at: string | null;
  generation: number;
  prices: Price[] | null;
}

export interface ModelAlias {
  alias: string;
  model: string;
}

export interface AuditEntry {
  no: number;
  at: string;
  actor: string;
  address: string;
  action: string;
  target: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  hash: string;
}

export interface Administrator {
  name: string;
  role: 'viewer' | 'operator' | 'owner';
  disabled: boolean;
  generation: number;
  has_password: boolean;
  of_provider: boolean;
  locked_until: string | null;
  created_at: string;
  last_sign_in_at: string | null;
}

export interface ConsoleSession {
  id: string;
  administrator: string;
  created_at: string;
  seen_at: string;
  address: string;
  agent: string;
  current: boolean;
}

export interface ApiToken {
  id: string;
  name: string;
  permissions: string[];
  /** Those that the administrator behind it has too, now. */
  usable_permissions: string[];
  state: 'good' | 'expired' | 'revoked' | 'administrator_disabled' | 'administrator_deleted';
  created_by: string;
  /** Who stands behind it; null once they are deleted. */
  administrator: string | null;
  created_at: string;
  expires_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface Webhook {
  id: string;
  /** Null: events of all tenants. */
  tenant: string | null;
  url: string;
  enabled: boolean;
  failures: number;
  waiting: number;
  created_at: string;
}

export interface Delivery {
  id: number;
  webhook: string;
  event: string;
  tenant: string;
  budget: string;
  threshold: number;
  state: 'waiting' | 'failing' | 'delivered' | 'given_up';
  attempts: number;
  created_at: string;
  next_attempt_at: string | null;
  delivered_at: string | null;
  given_up_at: string | null;
  last_status: number | null;
  last_error: string | null;
}

export interface PoolModel {
  model: string;
  cl_active: number;
  cl_waiting: number;
  sv_active: number;
  sv_idle: number;
  sv_tested: number;
  sv_login: number;
  sv_closing: number;
  sv_warm_target: number;
  maxwait_millis: number;
}

export interface PoolAccount {
  name: string;
  profile: string;
  open: number;
  sessions_max: number;
  weight: number;
  breaker: 'closed' | 'open' | 'probing' | 'locked';
  reopens_in_millis: number | null;
  cause: string | null;
}

export interface Pool {
  node: string;
  models: PoolModel[];
  accounts: PoolAccount[];
}

export interface Pools {
  items: Pool[];
  silent_nodes: string[];
}

export interface Account {
  name: string;
  profile: 'openai' | 'azure' | 'compatible';
  url: string;
  organization: string | null;
  project: string | null;
  models: string;
  weight: number;
  sessions_max: number;
  has_key: boolean;
  drained: boolean;
  generation: number;
  created_at: string;
  changed_at: string;
}
