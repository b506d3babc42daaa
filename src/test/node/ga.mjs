// The scenarios of openai 7.x. Each gets the record of an open connection.
import { Recording, buildRealtimeURL, client as openai, connect } from './client.mjs';
import { BYTES_PER_MILLI, TOOL, firstSentence, pcm } from './wave.mjs';

const RESPONSES_TEXT = { type: 'realtime', output_modalities: ['text'], audio: { input: { turn_detection: null } } };

export const scenarios = {
  async text(client) {
    client.send({ type: 'session.update', session: RESPONSES_TEXT });
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
    client.speak(firstSentence);
    await client.next('response.done');
    client.speak(pcm.subarray(firstSentence.length));
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
    client.send({ type: 'session.update', session: RESPONSES_TEXT });
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
    client.speak(firstSentence);
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
    client.speak(firstSentence);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
  },

  // What is kept in src/test/resources/dialect, where beta.mjs says the same. Waits for each answer, so that it is the same every time.
  async recorded(client, { model }) {
    client.send({
      type: 'session.update',
      event_id: 'c1',
      session: {
        type: 'realtime',
        model,
        instructions: 'Be kind.',
        output_modalities: ['audio'],
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: 24000 },
            transcription: { model: 'gpt-4o-transcribe', language: 'en' },
            noise_reduction: { type: 'near_field' },
            turn_detection: null,
          },
          output: { format: { type: 'audio/pcmu' }, voice: 'coral', speed: 1.1 },
        },
        tools: [TOOL],
        tool_choice: 'auto',
        max_output_tokens: 1024,
      },
    });
    await client.next('session.updated');
    client.send({
      type: 'conversation.item.create',
      event_id: 'c2',
      item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Earlier.' }] },
    });
    await client.next('conversation.item.done');
    client.say('Good morning.');
    await client.next('conversation.item.done');
    client.send({ type: 'response.create', event_id: 'c4', response: { metadata: { topic: 'greeting' } } });
    const spoken = (await client.next('response.done')).response.output[0];
    await client.next('rate_limits.updated');
    client.send({
      type: 'response.create',
      event_id: 'c5',
      response: {
        conversation: 'none',
        output_modalities: ['text'],
        instructions: 'Be brief.',
        audio: { output: { voice: 'coral', format: { type: 'audio/pcmu' } } },
        max_output_tokens: 64,
        input: [
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi.' }] },
          { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] },
        ],
      },
    });
    await client.next('rate_limits.updated');
    client.say('What is the weather in Lyon?');
    await client.next('conversation.item.done');
    client.send({ type: 'response.create' });
    const call = (await client.next('response.done')).response.output[0];
    await client.next('rate_limits.updated');
    client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify({ celsius: 21 }) },
    });
    await client.next('conversation.item.done');
    client.speak(firstSentence, firstSentence.length);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
    client.send({ type: 'conversation.item.retrieve', item_id: spoken.id });
    await client.next('conversation.item.retrieved');
    client.send({ type: 'session.update', event_id: 'c6', session: { type: 'realtime', audio: { output: { voice: 'verse' } } } });
    await client.next('error');
    client.send({ type: 'response.cancel', event_id: 'c7' });
    await client.next('error');
    client.send({ type: 'conversation.item.truncate', item_id: spoken.id, content_index: 0, audio_end_ms: 100 });
    await client.next('conversation.item.truncated');
    client.send({ type: 'conversation.item.delete', item_id: spoken.id });
    await client.next('conversation.item.deleted');
  },

  async recordedTranscription(client) {
    client.send({
      type: 'session.update',
      event_id: 'c1',
      session: {
        type: 'transcription',
        audio: {
          input: {
            format: { type: 'audio/pcm', rate: 24000 },
            transcription: { model: 'gpt-4o-transcribe', language: 'en' },
            noise_reduction: null,
            turn_detection: null,
          },
        },
      },
    });
    await client.next('session.updated');
    client.speak(firstSentence, firstSentence.length);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
    client.send({
      type: 'session.update',
      session: { type: 'transcription', audio: { input: { noise_reduction: { type: 'far_field' } } } },
    });
    await client.next('session.updated');
  },

  // With a secret that the client has made for another one, which is bound to what the secret says.
  async secrets(client) {
    client.say('Good morning.');
    client.send({ type: 'response.create' });
    await client.next('response.done');
  },

  // The connection is cut in the middle of an answer, and the client's own recovery comes back for the rest.
  async resume(client) {
    client.send({ type: 'session.update', session: RESPONSES_TEXT });
    await client.next('session.updated');
    client.say('Tell me a very long story.');
    client.send({ type: 'response.create' });
    await client.next('response.output_text.delta');
    await client.cut();
    await client.next('response.done');
    client.say('And how are you?');
    client.send({ type: 'response.create' });
    await client.next('response.done');
  },
};

async function target(scenario, { token, model }) {
  switch (scenario) {
    case 'transcription':
    case 'recordedTranscription':
      return { token, options: { intent: 'transcription' } };
    case 'secrets': {
      const session = { type: 'realtime', model, output_modalities: ['text'], instructions: 'Speak like a pirate.' };
      const secret = await openai(token).realtime.clientSecrets.create({ session });
      return { token: secret.value, options: { model }, secret };
    }
    default:
      return { token, options: { model } };
  }
}

// Asks for the session again whenever the client has lost it.
function recovery(model) {
  const place = { of: null };
  const buildURL = () => buildRealtimeURL(place.of === null ? { model } : place.of.place());
  return { place, options: { model, reconnect: true, reconnectInitialDelay: 10, buildRealtimeURL: buildURL } };
}

async function open(scenario, kind, order) {
  if (scenario === 'resume') {
    const { place, options } = recovery(order.model);
    const client = new Recording(await connect(kind, order.token, options));
    place.of = client;
    return { client };
  }
  const { token, options, secret } = await target(scenario, order);
  return { client: new Recording(await connect(kind, token, options)), secret };
}

// What the client saw.
export async function play(scenario, kind, order) {
  const { client, secret } = await open(scenario, kind, order);
  await client.next('session.created');
  await scenarios[scenario](client, order);
  const end = await client.close();
  return {
    session: client.events[0].session,
    updated: client.all('session.updated')[0]?.session,
    types: client.types(),
    allTypes: client.events.map((event) => event.type),
    ids: client.events.map((event) => event.event_id),
    responses: client.all('response.done').map((event) => event.response),
    transcriptions: client.all('conversation.item.input_audio_transcription.completed'),
    texts: client.all('response.output_text.delta').map((event) => event.delta).join(''),
    audioBytes: client
      .all('response.output_audio.delta')
      .reduce((sum, event) => sum + Buffer.from(event.delta, 'base64').length, 0),
    log: order.log ? client.log : undefined,
    secret,
    reconnected: client.reconnected,
    errors: client.errors,
    end,
  };
}
