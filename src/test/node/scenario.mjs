// node scenario.mjs SCENARIO CLASS: plays one scenario and prints what the client saw as one line of JSON.
// PARLEY_URL is the base (http://127.0.0.1:8080/v1), PARLEY_TOKEN the credential, PARLEY_WAV the recording, PARLEY_MODEL the model.
import fs from 'node:fs';
import { connect } from './client.mjs';

const BYTES_PER_MILLI = 48;
// The recording's first sentence, with the start of the pause behind it.
const FIRST_SENTENCE = 3900 * BYTES_PER_MILLI;
const [scenario, kind] = process.argv.slice(2);
const wave = fs.readFileSync(process.env.PARLEY_WAV);
const pcm = wave.subarray(wave.indexOf('data') + 8);

const TOOL = {
  type: 'function',
  name: 'get_weather',
  description: 'Tells the weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

const scenarios = {
  async text(client) {
    client.send({
      type: 'session.update',
      session: { type: 'realtime', output_modalities: ['text'], audio: { input: { turn_detection: null } } },
    });
    await client.next('session.updated');
    for (const words of ['Good morning.', 'And how are you?']) {
      client.say(words);
      client.send({ type: 'response.create' });
      await client.next('response.done');
    }
  },

  async audio(client) {
    client.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        audio: {
          input: {
            transcription: { model: 'gpt-4o-transcribe' },
            turn_detection: { type: 'server_vad', silence_duration_ms: 500 },
          },
        },
      },
    });
    await client.next('session.updated');
    client.speak(pcm.subarray(0, FIRST_SENTENCE));
    await client.next('response.done');
    client.speak(pcm.subarray(FIRST_SENTENCE));
    await client.next('response.done');
    while (client.all('conversation.item.input_audio_transcription.completed').length < 2) {
      await client.next('conversation.item.input_audio_transcription.completed');
    }
  },

  async function(client) {
    client.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'], tools: [TOOL] } });
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

  async interruption(client) {
    client.send({
      type: 'session.update',
      session: {
        type: 'realtime',
        audio: { input: { turn_detection: { type: 'server_vad', silence_duration_ms: 500 } } },
      },
    });
    await client.next('session.updated');
    client.say('Tell me a very long story.');
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.speak(pcm.subarray(0, 2000 * BYTES_PER_MILLI));
    await client.next('input_audio_buffer.speech_started');
    const response = (await client.next('response.done')).response;
    const item = response.output[0];
    client.send({ type: 'conversation.item.truncate', item_id: item.id, content_index: 0, audio_end_ms: 100 });
    await client.next('conversation.item.truncated');
  },

  // Text, audio by commit, a function call, a cancel: what both pool modes do alike.
  async turns(client) {
    client.send({
      type: 'session.update',
      session: { type: 'realtime', output_modalities: ['text'], audio: { input: { turn_detection: null } } },
    });
    await client.next('session.updated');
    client.say('Good morning.');
    client.send({ type: 'response.create', response: { metadata: { topic: 'greeting' } } });
    await client.next('rate_limits.updated');
    client.say('What is the weather in Lyon?');
    client.send({ type: 'response.create', response: { tools: [TOOL] } });
    const call = (await client.next('response.done')).response.output[0];
    await client.next('rate_limits.updated');
    client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify({ celsius: 21 }) },
    });
    client.send({ type: 'response.create' });
    await client.next('rate_limits.updated');
    client.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['audio'] } });
    await client.next('session.updated');
    client.speak(pcm.subarray(0, FIRST_SENTENCE));
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('input_audio_buffer.committed');
    client.send({ type: 'response.create' });
    await client.next('rate_limits.updated');
    client.say('Tell me a very long story. '.repeat(10));
    client.send({ type: 'response.create' });
    await client.next('response.output_audio.delta');
    client.send({ type: 'response.cancel' });
    await client.next('rate_limits.updated');
  },

  async transcription(client) {
    client.send({
      type: 'session.update',
      session: {
        type: 'transcription',
        audio: { input: { transcription: { model: 'gpt-live-transcribe', language: 'en' }, turn_detection: null } },
      },
    });
    await client.next('session.updated');
    client.speak(pcm.subarray(0, FIRST_SENTENCE));
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
  },
};

const target = scenario === 'transcription' ? { intent: 'transcription' } : { model: process.env.PARLEY_MODEL };
const client = await connect(kind, target);
await client.next('session.created');
await scenarios[scenario](client);
const end = await client.close();
console.log(
  JSON.stringify({
    session: client.events[0].session,
    types: client.types(),
    responses: client.all('response.done').map((event) => event.response),
    transcriptions: client.all('conversation.item.input_audio_transcription.completed'),
    audioBytes: client
      .all('response.output_audio.delta')
      .reduce((sum, event) => sum + Buffer.from(event.delta, 'base64').length, 0),
    errors: client.errors,
    end,
  }),
);
