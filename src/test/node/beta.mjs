// The scenarios of openai 4.104, the last client that speaks nothing but the beta.
import { Recording, betaClient, connectBeta } from './client.mjs';
import { BYTES_PER_MILLI, TOOL, firstSentence, pcm } from './wave.mjs';

const TRANSCRIPTION_MODEL = 'gpt-4o-transcribe';

export const scenarios = {
  async text(client, order) {
    client.send({
      type: 'session.update',
      session: { model: order.model, modalities: ['text'], turn_detection: null, temperature: 0.7 },
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
    client.speak(firstSentence);
    await client.next('response.done');
    while (client.all('conversation.item.input_audio_transcription.completed').length < 1) {
      await client.next('conversation.item.input_audio_transcription.completed');
    }
  },

  async function(client) {
    client.send({ type: 'session.update', session: { modalities: ['text'], turn_detection: null, tools: [TOOL] } });
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
      session: { turn_detection: { type: 'server_vad', silence_duration_ms: 500 } },
    });
    await client.next('session.updated');
    client.say('Tell me a very long story.');
    client.send({ type: 'response.create' });
    await client.next('response.audio.delta');
    client.speak(pcm.subarray(0, 2000 * BYTES_PER_MILLI));
    await client.next('input_audio_buffer.speech_started');
    const response = (await client.next('response.done')).response;
    const item = response.output[0];
    client.send({ type: 'conversation.item.truncate', item_id: item.id, content_index: 0, audio_end_ms: 100 });
    await client.next('conversation.item.truncated');
  },

  async transcription(client) {
    client.send({
      type: 'transcription_session.update',
      session: {
        input_audio_format: 'pcm16',
        input_audio_transcription: { model: TRANSCRIPTION_MODEL, language: 'en' },
        turn_detection: null,
      },
    });
    await client.next('transcription_session.updated');
    client.speak(firstSentence);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
  },

  // What is kept in src/test/resources/dialect: ga.mjs says the same.
  async recorded(client, { model }) {
    client.send({
      type: 'session.update',
      event_id: 'c1',
      session: {
        model,
        instructions: 'Be kind.',
        modalities: ['text', 'audio'],
        voice: 'coral',
        speed: 1.1,
        input_audio_format: 'pcm16',
        output_audio_format: 'g711_ulaw',
        input_audio_transcription: { model: 'gpt-4o-transcribe', language: 'en' },
        input_audio_noise_reduction: { type: 'near_field' },
        turn_detection: null,
        tools: [TOOL],
        tool_choice: 'auto',
        temperature: 0.9,
        max_response_output_tokens: 1024,
      },
    });
    await client.next('session.updated');
    client.send({
      type: 'conversation.item.create',
      event_id: 'c2',
      item: { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Earlier.' }] },
    });
    await client.next('conversation.item.created');
    client.say('Good morning.');
    await client.next('conversation.item.created');
    client.send({
      type: 'response.create',
      event_id: 'c4',
      response: { metadata: { topic: 'greeting' }, temperature: 0.7 },
    });
    const spoken = (await client.next('response.done')).response.output[0];
    await client.next('rate_limits.updated');
    client.send({
      type: 'response.create',
      event_id: 'c5',
      response: {
        conversation: 'none',
        modalities: ['text'],
        instructions: 'Be brief.',
        voice: 'coral',
        output_audio_format: 'g711_ulaw',
        max_response_output_tokens: 64,
        input: [
          { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi.' }] },
          { type: 'message', role: 'assistant', content: [{ type: 'text', text: 'Hello.' }] },
        ],
      },
    });
    await client.next('rate_limits.updated');
    client.say('What is the weather in Lyon?');
    await client.next('conversation.item.created');
    client.send({ type: 'response.create' });
    const call = (await client.next('response.done')).response.output[0];
    await client.next('rate_limits.updated');
    client.send({
      type: 'conversation.item.create',
      item: { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify({ celsius: 21 }) },
    });
    await client.next('conversation.item.created');
    client.speak(firstSentence, firstSentence.length);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
    client.send({ type: 'conversation.item.retrieve', item_id: spoken.id });
    await client.next('conversation.item.retrieved');
    client.send({ type: 'session.update', event_id: 'c6', session: { voice: 'verse' } });
    await client.next('error');
    client.send({ type: 'response.cancel', event_id: 'c7' });
    await client.next('error');
    client.send({ type: 'conversation.item.truncate', item_id: spoken.id, content_index: 0, audio_end_ms: 100 });
    await client.next('conversation.item.truncated');
    client.send({ type: 'conversation.item.delete', item_id: spoken.id });
    await client.next('conversation.item.deleted');
  },

  // The second update is as clients wrote it that knew of no transcription_session.update.
  async recordedTranscription(client) {
    client.send({
      type: 'transcription_session.update',
      event_id: 'c1',
      session: {
        input_audio_format: 'pcm16',
        input_audio_transcription: { model: 'gpt-4o-transcribe', language: 'en' },
        input_audio_noise_reduction: null,
        turn_detection: null,
      },
    });
    await client.next('transcription_session.updated');
    client.speak(firstSentence, firstSentence.length);
    client.send({ type: 'input_audio_buffer.commit' });
    await client.next('conversation.item.input_audio_transcription.completed');
    client.send({ type: 'session.update', session: { input_audio_noise_reduction: { type: 'far_field' } } });
    await client.next('transcription_session.updated');
  },

  // With a secret that the client has made for another one, which is bound to what the secret says.
  async secrets(client) {
    client.say('Good morning.');
    client.send({ type: 'response.create' });
    await client.next('response.done');
  },

  // The client leaves in the middle of an answer, with a close code that is no goodbye, and comes back for the rest.
  async resume(client, order) {
    client.send({ type: 'session.update', session: { modalities: ['text'], turn_detection: null } });
    await client.next('session.updated');
    client.say('Tell me a very long story.');
    client.send({ type: 'response.create' });
    await client.next('response.text.delta');
    await client.leave((place) =>
      connectBeta(order.kind, order.token, order.model, {
        headers: { 'Parley-Session-Id': place.session_id, 'Last-Event-ID': place.last_event_id },
        parameters: order.kind === 'OpenAIRealtimeWS' ? {} : place,
      }),
    );
    await client.next('response.done');
    client.say('And how are you?');
    client.send({ type: 'response.create' });
    await client.next('response.done');
  },
};

function isTranscription(scenario) {
  return scenario === 'transcription' || scenario === 'recordedTranscription';
}

async function open(scenario, kind, { token, model }) {
  if (isTranscription(scenario)) {
    const parameters = { intent: 'transcription' };
    return { connection: await connectBeta(kind, token, TRANSCRIPTION_MODEL, { parameters }) };
  }
  if (scenario === 'secrets') {
    const wanted = { model, modalities: ['text'], instructions: 'Speak like a pirate.' };
    const secret = await betaClient(token).beta.realtime.sessions.create(wanted);
    return { connection: await connectBeta(kind, secret.client_secret.value, model), secret };
  }
  return { connection: await connectBeta(kind, token, model) };
}

// What the client saw.
export async function play(scenario, kind, order) {
  const { connection, secret } = await open(scenario, kind, order);
  const client = new Recording(connection);
  await client.next(isTranscription(scenario) ? 'transcription_session.created' : 'session.created');
  await scenarios[scenario](client, { ...order, kind });
  const end = await client.close();
  const items = client.events.filter((event) => event.item).map((event) => event.item);
  return {
    created: client.events[0].session,
    updated: [...client.all('session.updated'), ...client.all('transcription_session.updated')][0]?.session,
    types: client.types(),
    allTypes: client.events.map((event) => event.type),
    ids: client.events.map((event) => event.event_id),
    withoutEventId: client.events.filter((event) => !event.event_id).length,
    itemsWithoutObject: items.filter((item) => item.object !== 'realtime.item').length,
    partTypes: client.all('response.content_part.added').map((event) => event.part.type),
    responses: client.all('response.done').map((event) => event.response),
    transcriptions: client.all('conversation.item.input_audio_transcription.completed'),
    texts: client.all('response.text.delta').map((event) => event.delta).join(''),
    audioBytes: client
      .all('response.audio.delta')
      .reduce((sum, event) => sum + Buffer.from(event.delta, 'base64').length, 0),
    log: order.log ? client.log : undefined,
    secret,
    reconnected: client.reconnected,
    errors: client.errors,
    end,
  };
}
