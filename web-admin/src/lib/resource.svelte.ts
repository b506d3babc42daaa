// Something read from the API and kept fresh while its view is open.
import { onDestroy } from 'svelte';
import { hooks, Problem } from './api';

/** Those of the open view. */
const open = new Set<Resource<unknown>>();

// What is shown is not what is: whoever tries again has to see it first.
hooks.outdated = () => open.forEach((one) => void one.refresh());

export class Resource<T> {
  data = $state<T | undefined>(undefined);
  problem = $state<Problem | null>(null);
  loading = $state(false);
  /** When it was last read, in milliseconds. */
  at = $state(0);
  private running: AbortController | null = null;
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly read: (signal: AbortSignal) => Promise<T>,
    readonly everyMs: number,
  ) {}

  /** Reads now; what is under way is given up for it. */
  async refresh(): Promise<void> {
    this.running?.abort();
    const mine = new AbortController();
    this.running = mine;
    this.loading = true;
    try {
      const data = await this.read(mine.signal);
      if (this.running === mine) {
        this.data = data;
        this.problem = null;
        this.at = Date.now();
      }
    } catch (failure) {
      if (this.running === mine && !mine.signal.aborted) {
        this.problem =
          failure instanceof Problem
            ? failure
            : new Problem({ type: 'broken', title: 'Failed', status: 0, detail: String(failure) });
      }
    } finally {
      if (this.running === mine) this.loading = false;
    }
  }

  start() {
    open.add(this as Resource<unknown>);
    void this.refresh();
    if (this.everyMs > 0) {
      this.timer = setInterval(() => document.visibilityState === 'visible' && void this.refresh(), this.everyMs);
    }
  }

  stop() {
    open.delete(this as Resource<unknown>);
    clearInterval(this.timer);
    this.running?.abort();
    this.running = null;
  }
}

/** A resource of the component that asks for it: read at once and every so often, stopped with it. */
export function resource<T>(read: (signal: AbortSignal) => Promise<T>, everyMs = 10_000): Resource<T> {
  const made = new Resource(read, everyMs);
  made.start();
  onDestroy(() => made.stop());
  return made;
}
