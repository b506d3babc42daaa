// Talks through a wire that is cut again and again, with the client that the broker ships, and prints what it heard.
import fs from 'node:fs';
import net from 'node:net';
import vm from 'node:vm';
import WebSocket from 'ws';

// The client runs with what a browser has too, and with nothing else: no modules, no process, no Buffer.
const shipped = new URL('../../main/resources/client/resumable-realtime.mjs', import.meta.url);
const source = fs.readFileSync(shipped, 'utf8').replace('export class', 'globalThis.ResumableRealtime = class');
const browser = vm.createContext({ WebSocket, EventTarget, Event, URLSearchParams, setTimeout });
vm.runInContext(source, browser, { filename: shipped.pathname });
const { ResumableRealtime } = browser;

const BYTES_PER_CONNECTION = 20_000;
const broker = new URL(process.env.PARLEY_URL);
const cutsMax = Number(process.argv[2]);
const seen = { ids: [], lost: 0, back: 0, discontinuities: 0, cuts: 0 };
let farEnd = null;

// Each of the first connections is cut after so many bytes, most often in the middle of an event.
const wire = net.createServer((near) => {
  const far = net.connect(Number(broker.port), broker.hostname);
  farEnd = far;
  let left = seen.cuts < cutsMax ? BYTES_PER_CONNECTION : Infinity;
  near.on('data', (bytes) => far.write(bytes));
  far.on('data', (bytes) => {
    near.write(bytes.subarray(0, left));
    left -= bytes.length;
    if (left <= 0 && !near.destroyed) {
      seen.cuts++;
      near.destroySoon();
      far.resetAndDestroy();
    }
  });
  for (const [one, other] of [[near, far], [far, near]]) {
    one.on('close', () => other.destroySoon());
    one.on('error', () => {});
  }
});

// The broker ends the connection when it has heard the client's goodbye.
function finish(client, code) {
  farEnd.on('close', () => {
    console.log(JSON.stringify({ ...seen, close: code, session: client.sessionId }));
    process.exit(0);
  });
}

wire.listen(0, '127.0.0.1', () => {
  const client = new ResumableRealtime({
    url: `ws://127.0.0.1:${wire.address().port}/v1`,
    model: process.env.PARLEY_MODEL,
    token: async () => process.env.PARLEY_TOKEN,
  });
  client.addEventListener('lost', () => seen.lost++);
  client.addEventListener('back', () => seen.back++);
  client.addEventListener('close', ({ detail }) => finish(client, detail.code));
  client.addEventListener('event', ({ detail: event }) => {
    seen.ids.push(event.event_id);
    if (event.type === 'session.created') {
      client.send({
        type: 'session.update',
        session: { type: 'realtime', output_modalities: ['text'], audio: { input: { turn_detection: null } } },
      });
    } else if (event.type === 'session.updated') {
      client.send({ type: 'response.create', response: { metadata: { deltas: '200', bytes: '1000' } } });
    } else if (event.type === 'parley.discontinuity') {
      seen.discontinuities++;
    } else if (event.type === 'response.done') {
      client.close();
    }
  });
});
