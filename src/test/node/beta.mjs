// node beta.mjs SCENARIO CLASS: like scenario.mjs, with the last client that speaks nothing but the beta (openai 4.104).
import fs from 'node:fs';
import net from 'node:net';
import OpenAI from 'openai-beta';
import { WebSocket } from 'ws';
import { Recording } from './client.mjs';

const BYTES_PER_MILLI = 48;
const FIRST_SENTENCE = 3900 * BYTES_PER_MILLI;
const [scenario, kind] = process.argv.slice(2);
const wave = fs.readFileSync(process.env.PARLEY_WAV);
const pcm = wave.subarray(wave.indexOf('data') + 8);

async function connect(model) {
  const url = new URL(process.env.PARLEY_URL);
  const client = new OpenAI({ apiKey: process.env.PARLEY_TOKEN, baseURL: url.href });
  if (kind === 'OpenAIRealtimeWS') {
    const { OpenAIRealtimeWS } = await import('openai-beta/beta/realtime/ws');
    const options = { createConnection: () => net.connect(Number(url.port), url.hostname) };
    return new Recording(new OpenAIRealtimeWS({ model, options }, client));
  }
  globalThis.WebSocket = class extends WebSocket {
    constructor(address, protocols, options) {
      super(String(address).replace(/^wss:/, 'ws:'), protocols, options);
    }
  };
  const { OpenAIRealtimeWebSocket } = await import('openai-beta/beta/realtime/websocket');
  return new Recording(new OpenAIRealtimeWebSocket({ model, dangerouslyAllowBrowser: true }, client));
}

const scenarios = {
  async text(client) {
    client.send({
      type: 'session.update',
      session: { model: process.env.PARLEY_MODEL, modalities: ['text'], turn_detection: null, temperature: 0.7 },
    });
    await client.next('session.updated');
    for (const words of ['Good morning.', 'And how are you?']) {
      client.say(words);
      await client.next('conversation.item.created');
      client.send({ type: 'response.create', response: { max_response_output_tokens: 200 } });
      await client.next('response.done');
    }
  },

  async audio(client) {
    client.send({
      type: 'session.update',
      session: {
        modalities: ['text', 'audio'],
        voice: 'verse',
        input_audio_format: 'pcm16',
        output_audio_format: 'pcm16',
        input_audio_transcription: { model: 'gpt-4o-transcribe' },
        turn_detection: { type: 'server_vad', silence_duration_ms: 500 },
        temperature: 0.8,
        max_response_output_tokens: 4096,
      },
    });
    await client.next('session.updated');
    client.speak(pcm.subarray(0, FIRST_SENTENCE));
    await client.next('response.done');
    while (client.all('conversation.item.input_audio_transcription.completed').length < 1) {
      await client.next('conversation.item.input_audio_transcription.completed');
    }
  },

  async function(client) {
    const tool = {
      type: 'function',
      name: 'get_weather',
      description: 'Tells the weather of a city',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    };
    client.send({ type: 'session.update', session: { modalities: ['text'], turn_detection: null, tools: [tool] } });
    await client.next('session.updated');
    client.say('What is the weather in Lyon?');
    client.send({ type: 'response.create' });
    const call = (await client.next('response.done')).response.output[0];
    client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify({ celsius: 21 }) },
    });
    client.send({ type: 'response.create' });
    await client.next('response.done');
  },
};

const client = await connect(process.env.PARLEY_MODEL);
await client.next('session.created');
await scenarios[scenario](client);
const end = await client.close();
const items = client.events.filter((event) => event.item).map((event) => event.item);
console.log(
  JSON.stringify({
    created: client.events[0].session,
    updated: client.all('session.updated')[0].session,
    types: client.types(),
    allTypes: client.events.map((event) => event.type),
    withoutEventId: client.events.filter((event) => !event.event_id).length,
    itemsWithoutObject: items.filter((item) => item.object !== 'realtime.item').length,
    partTypes: client.all('response.content_part.added').map((event) => event.part.type),
    responses: client.all('response.done').map((event) => event.response),
    transcriptions: client.all('conversation.item.input_audio_transcription.completed'),
    audioBytes: client
      .all('response.audio.delta')
      .reduce((sum, event) => sum + Buffer.from(event.delta, 'base64').length, 0),
    errors: client.errors,
    end,
  }),
);
