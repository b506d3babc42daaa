// The live sessions of all nodes, as the broker streams them: a snapshot, then what has changed, once a second.
import { onDestroy } from 'svelte';

/** A row as it comes: id, tenant, subject, model, node, start, phase, running responses, cost. */
export type Row = [string, string, string, string | null, string, string, string | null, number | null, string | null];

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

  open() {
    const source = new EventSource('/api/v1/sessions/stream');
    this.source = source;
    source.addEventListener('snapshot', (event) => {
      this.rows.clear();
      this.take(JSON.parse(event.data) as Message);
    });
    source.addEventListener('delta', (event) => this.take(JSON.parse(event.data) as Message));
    source.addEventListener('stale', () => (this.state = 'stale'));
    source.onerror = () => (this.state = 'disconnected');
  }

  close() {
    this.source?.close();
  }

  private take(message: Message) {
    for (const id of message.gone) this.rows.delete(id);
    for (const row of message.rows) this.rows.set(row[ID], row);
    this.silentNodes = message.silent_nodes;
    this.state = 'live';
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
