// The unmodified clients, and a record of what was said and heard. All WebSocket classes force wss; what makes them talk to a plain
// local server are a way the client offers (createConnection) and, for the browser's class, the WebSocket that a program must bring
// to Node 20 anyway.
import net from 'node:net';
import OpenAI from 'openai';
import BetaOpenAI from 'openai-beta';
import { WebSocket } from 'ws';

const DEADLINE_MILLIS = 30_000;
const CLOSE_OF_ITS_OWN = 4000;
const base = new URL(process.env.PARLEY_URL);

// The last socket that was connected.
let wire;
function createConnection() {
  wire = net.connect(Number(base.port), base.hostname);
  return wire;
}

globalThis.WebSocket = class extends WebSocket {
  constructor(address, protocols, options) {
    super(String(address).replace(/^wss:/, 'ws:'), protocols, { ...options, createConnection });
  }
};

export class Recording {
  constructor(connection) {
    this.events = [];
    this.log = [];
    this.waiting = [];
    this.taken = 0;
    this.errors = [];
    this.reconnected = 0;
    this.follow(connection);
  }

  // Goes on with this connection.
  follow(connection) {
    this.connection = connection;
    this.closed = new Promise((resolve) => {
      const socket = connection.socket;
      if (connection._recovery) {
        connection.on('close', (code, reason) => resolve({ code, reason }));
      } else if (socket.on) {
        socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
      } else {
        socket.addEventListener('close', (event) => resolve({ code: event.code, reason: event.reason }));
      }
    });
    connection.on('event', (event) => {
      this.events.push(event);
      this.log.push({ from: 'server', event });
      this.wake();
    });
    connection.on('error', (error) => this.errors.push(error.message));
    connection.on('reconnected', () => {
      this.reconnected++;
      this.wake();
    });
  }

  wake() {
    this.waiting.splice(0).forEach((wake) => wake());
  }

  send(event) {
    this.log.push({ from: 'client', event });
    this.connection.send(event);
  }

  // The next event of this type after the last one that was waited for.
  async next(type) {
    return this.until(type, () => {
      while (this.taken < this.events.length) {
        const event = this.events[this.taken++];
        if (event.type === type) {
          return event;
        }
      }
      return undefined;
    });
  }

  async until(what, look) {
    const deadline = Date.now() + DEADLINE_MILLIS;
    for (;;) {
      const found = look();
      if (found) {
        return found;
      }
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(`no ${what}; saw ${this.types().join(' ')}; errors ${this.errors.join('; ')}`);
      }
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  all(type) {
    return this.events.filter((event) => event.type === type);
  }

  types() {
    return this.events.map((event) => event.type).filter((type, at, all) => type !== all[at - 1]);
  }

  speak(pcm, pieceBytes = 4800) {
    for (let at = 0; at < pcm.length; at += pieceBytes) {
      this.send({ type: 'input_audio_buffer.append', audio: pcm.subarray(at, at + pieceBytes).toString('base64') });
    }
  }

  say(text) {
    this.send({
      type: 'conversation.item.create',
      item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] },
    });
  }

  // Where a client has to go on that comes back.
  place() {
    return { session_id: this.events[0].session.id, last_event_id: this.events.at(-1).event_id };
  }

  // Loses the connection and waits until the client has another one by itself.
  async cut() {
    const before = this.reconnected;
    wire.resetAndDestroy();
    await this.until('reconnection', () => this.reconnected > before);
    this.connection.flushPending();
  }

  // Ends the connection with a code that is no goodbye, and goes on with the one that is opened then.
  async leave(reopen) {
    this.connection.close({ code: CLOSE_OF_ITS_OWN, reason: 'back soon' });
    const end = await this.closed;
    if (end.code !== CLOSE_OF_ITS_OWN) {
      throw new Error(`closed with ${end.code}`);
    }
    this.follow(await reopen(this.place()));
    this.reconnected++;
  }

  async close() {
    this.connection.close();
    return this.closed;
  }
}

// openai 7.x, for HTTP.
export function client(token) {
  return new OpenAI({ apiKey: token, baseURL: base.href });
}

// openai 7.x; options are those of the constructor.
export async function connect(kind, token, options) {
  if (kind === 'OpenAIRealtimeWS') {
    const { OpenAIRealtimeWS } = await import('openai/realtime/ws');
    return new OpenAIRealtimeWS({ ...options, options: { createConnection } }, client(token));
  }
  const { OpenAIRealtimeWebSocket } = await import('openai/realtime/websocket');
  return new OpenAIRealtimeWebSocket({ ...options, dangerouslyAllowBrowser: true }, client(token));
}

// The parameters that the class itself has no word for are in the URL.
export function buildRealtimeURL(parameters) {
  const url = new URL(`${base.href}/realtime`);
  url.search = new URLSearchParams(parameters);
  url.protocol = 'wss:';
  return url;
}

// openai 4.104, for HTTP.
export function betaClient(token, path = '') {
  return new BetaOpenAI({ apiKey: token, baseURL: base.href + path });
}

// openai 4.104. Of its classes one takes headers and the other a change of its URL; for the first one, parameters other than these are
// in the base URL, behind which it writes its "/realtime".
export async function connectBeta(kind, token, model, { headers = {}, parameters = {} } = {}) {
  if (kind === 'OpenAIRealtimeWS') {
    const { OpenAIRealtimeWS } = await import('openai-beta/beta/realtime/ws');
    const search = new URLSearchParams(parameters);
    const path = search.size === 0 ? '' : `/realtime?${search}&base=`;
    return new OpenAIRealtimeWS({ model, options: { createConnection, headers } }, betaClient(token, path));
  }
  const { OpenAIRealtimeWebSocket } = await import('openai-beta/beta/realtime/websocket');
  const onURL = (url) => Object.entries(parameters).forEach(([name, value]) => url.searchParams.set(name, value));
  return new OpenAIRealtimeWebSocket({ model, onURL, dangerouslyAllowBrowser: true }, betaClient(token));
}
