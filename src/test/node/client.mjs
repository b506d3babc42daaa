// The unmodified client, and a record of what it saw. Both WebSocket classes force wss; what makes them talk to a plain local
// server are a way the client offers (createConnection) and, for the browser's class, the WebSocket that a program must bring
// to Node 20 anyway.
import net from 'node:net';
import OpenAI from 'openai';
import { WebSocket } from 'ws';

const DEADLINE_MILLIS = 30_000;

export class Recording {
  constructor(connection) {
    this.connection = connection;
    this.events = [];
    this.waiting = [];
    this.taken = 0;
    this.errors = [];
    this.closed = new Promise((resolve) => {
      const socket = connection.socket;
      if (socket.on) {
        socket.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
      } else {
        socket.addEventListener('close', (event) => resolve({ code: event.code, reason: event.reason }));
      }
    });
    connection.on('event', (event) => {
      this.events.push(event);
      this.waiting.splice(0).forEach((wake) => wake());
    });
    connection.on('error', (error) => this.errors.push(error.message));
  }

  send(event) {
    this.connection.send(event);
  }

  // The next event of this type after the last one that was waited for.
  async next(type) {
    const deadline = Date.now() + DEADLINE_MILLIS;
    for (;;) {
      while (this.taken < this.events.length) {
        const event = this.events[this.taken++];
        if (event.type === type) {
          return event;
        }
      }
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new Error(`no ${type}; saw ${this.types().join(' ')}; errors ${this.errors.join('; ')}`);
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

  async close() {
    this.connection.close();
    return this.closed;
  }
}

export async function connect(kind, target) {
  const url = new URL(process.env.PARLEY_URL);
  const client = new OpenAI({ apiKey: process.env.PARLEY_TOKEN, baseURL: url.href });
  if (kind === 'OpenAIRealtimeWS') {
    const { OpenAIRealtimeWS } = await import('openai/realtime/ws');
    const options = { createConnection: () => net.connect(Number(url.port), url.hostname) };
    return new Recording(new OpenAIRealtimeWS({ ...target, options }, client));
  }
  globalThis.WebSocket = class extends WebSocket {
    constructor(address, protocols, options) {
      super(String(address).replace(/^wss:/, 'ws:'), protocols, options);
    }
  };
  const { OpenAIRealtimeWebSocket } = await import('openai/realtime/websocket');
  return new Recording(new OpenAIRealtimeWebSocket({ ...target, dangerouslyAllowBrowser: true }, client));
}
