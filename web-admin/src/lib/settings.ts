// Settings of tenants and plans in words.
import { count, usd } from './format';
import type { BudgetSetting, Settings } from './types';

export const NOTHING: Settings = {
  limits: {},
  budgets: [],
  close_on_exhausted: null,
  mcp_allowed: null,
  prompts_allowed: null,
  content_capture: null,
  models: null,
  voices: null,
  pool_mode: null,
  turn_models: null,
};

/** These, and where they say nothing, those. */
export function over(these: Settings, those: Settings): Settings {
  const budgets = [...these.budgets, ...those.budgets.filter((one) => !these.budgets.some((own) => own.name === one.name))];
  return {
    limits: { ...those.limits, ...these.limits },
    budgets,
    close_on_exhausted: these.close_on_exhausted ?? those.close_on_exhausted,
    mcp_allowed: these.mcp_allowed ?? those.mcp_allowed,
    prompts_allowed: these.prompts_allowed ?? those.prompts_allowed,
    content_capture: these.content_capture ?? those.content_capture,
    models: these.models ?? those.models,
    voices: these.voices ?? those.voices,
    pool_mode: these.pool_mode ?? those.pool_mode,
    turn_models: these.turn_models ?? those.turn_models,
  };
}

/** Whether operators may read what is said from now on, and might not before. */
export function exposes(after: Settings, before: Settings | undefined): boolean {
  return after.content_capture === true && before?.content_capture !== true;
}

/** A limit; null is without limit. */
export function amount(limit: number | null | undefined): string {
  return limit === null || limit === undefined ? '∞' : count(limit);
}

export function described(budget: BudgetSetting): string {
  const much = budget.amount === null ? 'unlimited' : budget.unit === 'money' ? usd(budget.amount) : `${count(Number(budget.amount))} tokens`;
  const when = budget.period === 'total' ? ' in total' : ` each ${budget.period}`;
  const whose = budget.scope === 'tenant' ? '' : budget.scope === 'each_subject' ? ', each subject' : `, subject ${budget.subject}`;
  return much + when + whose + (budget.hard ? '' : ', soft');
}
