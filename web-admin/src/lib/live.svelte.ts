// The live sessions of all nodes, as the broker streams them: a snapshot, then what has changed, once a second.
import { onDestroy } from 'svelte';
import { get } from './api';

/** A row as it comes: id, tenant, subject, model, node, start, phase, running responses, cost. */
export type Row = [string, string, string, string | null, string, string, string | null, number | null, string | null];

/** There is a message every second. */
const SILENCE_MS = 5_000;
const AGAIN_MS = 2_000;

export const ID = 0;
export const TENANT = 1;
export const SUBJECT = 2;
export const MODEL = 3;
export const NODE = 4;
export const STARTED = 5;
export const PHASE = 6;
export const RUNNING = 7;
export const COST = 8;

interface Message {
  at: string;
  rows: Row[];
  gone: string[];
  silent_nodes: string[];
}

export class LiveSessions {
  /** Counts the messages: whoever reads it sees the rows anew. */
  version = $state(0);
  state = $state<'connecting' | 'live' | 'stale' | 'disconnected'>('connecting');
  silentNodes = $state<string[]>([]);
  readonly rows = new Map<string, Row>();
  private source: EventSource | null = null;
  private again: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;

  open() {
    const source = new EventSource('/api/v1/sessions/stream');
    this.source = source;
    source.addEventListener('snapshot', (event) => {
      this.rows.clear();
      this.take(JSON.parse(event.data) as Message);
    });
    source.addEventListener('delta', (event) => this.take(JSON.parse(event.data) as Message));
    source.addEventListener('stale', () => (this.state = 'stale'));
    source.onerror = () => this.lost(source);
  }

  close() {
    clearTimeout(this.again);
    clearTimeout(this.watchdog);
    this.source?.close();
    this.source = null;
  }

  /** A browser tries again by itself when the line is cut, but not when it was refused: by a node that stops, say. */
  private lost(source: EventSource) {
    this.state = 'disconnected';
    clearTimeout(this.watchdog);
    if (source.readyState !== EventSource.CLOSED) return;
    this.again = setTimeout(async () => {
      await get('/session').catch(() => {}); // whoever is signed out by now hears of it
      if (this.source === source) this.open();
    }, AGAIN_MS);
  }

  private take(message: Message) {
    for (const id of message.gone) this.rows.delete(id);
    for (const row of message.rows) this.rows.set(row[ID], row);
    this.silentNodes = message.silent_nodes;
    this.state = 'live';
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => (this.state = 'stale'), SILENCE_MS);
    this.version++;
  }
}

/** The stream, for as long as the component lives. */
export function liveSessions(): LiveSessions {
  const live = new LiveSessions();
  live.open();
  onDestroy(() => live.close());
  return live;
}
