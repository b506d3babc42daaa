// A conversation with a model through the broker, as a tenant: the socket, what was said, and the log of events.
import { post } from './api';
import { decode, encode, Microphone, Speaker } from './sound';

export interface Said {
  id: string;
  who: 'you' | 'model';
  text: string;
}

/** Events of one type and direction that followed each other. */
export interface Logged {
  no: number;
  at: number;
  from: 'client' | 'upstream';
  type: string;
  events: number;
  bytes: number;
  /** The last of them, as it was sent. */
  json: string;
}

interface Event {
  type: string;
  [field: string]: unknown;
}

const LOG_MAX = 400;
const JSON_MAX = 4_000;

export class Playground {
  state = $state<'closed' | 'connecting' | 'open'>('closed');
  said = $state<Said[]>([]);
  log = $state<Logged[]>([]);
  ended = $state('');
  /** What the broker or the provider last refused. */
  fault = $state('');
  listening = $state(false);
  subject = $state('');
  startedAt = $state(0);
  turns = $state(0);
  /** From the request to the first delta of the last answer. */
  latency = $state<number | null>(null);
  private socket: WebSocket | null = null;
  private readonly microphone = new Microphone();
  private readonly speaker = new Speaker();
  private asked = 0;
  private count = 0;

  async open(tenant: string, model: string, spoken: boolean) {
    this.close();
    this.said = [];
    this.log = [];
    this.ended = '';
    this.fault = '';
    this.turns = 0;
    this.latency = null;
    this.state = 'connecting';
    try {
      const { token, subject } = await post<{ token: string; subject: string }>('/playground/tokens', { tenant });
      this.subject = subject;
      this.startedAt = Date.now();
      const address = location.origin.replace(/^http/, 'ws') + '/api/v1/playground/socket?model=' + encodeURIComponent(model);
      const socket = new WebSocket(address, ['realtime', 'openai-insecure-api-key.' + token]);
      this.socket = socket;
      socket.onmessage = (message) => this.take(String(message.data), spoken);
      socket.onclose = (event) => this.closed(socket, event);
    } catch (failure) {
      this.state = 'closed';
      throw failure;
    }
  }

  close() {
    this.hush();
    this.socket?.close(1000);
    this.socket = null;
    this.state = 'closed';
  }

  say(text: string) {
    this.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }] } });
    this.said.push({ id: 'you-' + this.count, who: 'you', text });
    this.asked = performance.now();
    this.send({ type: 'response.create' });
  }

  cancel() {
    this.speaker.silence();
    this.send({ type: 'response.cancel' });
  }

  async listen() {
    await this.microphone.start((pcm) => this.send({ type: 'input_audio_buffer.append', audio: encode(pcm) }));
    this.listening = true;
  }

  hush() {
    this.microphone.stop();
    this.speaker.close();
    this.listening = false;
  }

  private send(event: Event) {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    const text = JSON.stringify(event);
    this.note('client', event, text);
    this.socket.send(text);
  }

  private take(text: string, spoken: boolean) {
    const event = JSON.parse(text) as Event;
    this.note('upstream', event, text);
    switch (event.type) {
      case 'session.created':
        this.state = 'open';
        this.send({
          type: 'session.update',
          session: {
            type: 'realtime',
            output_modalities: [spoken ? 'audio' : 'text'],
            audio: { input: { transcription: null, turn_detection: { type: 'server_vad' } } },
          },
        });
        break;
      case 'input_audio_buffer.speech_started':
        this.speaker.silence();
        break;
      case 'input_audio_buffer.speech_stopped':
        this.asked = performance.now();
        this.said.push({ id: 'you-' + this.count, who: 'you', text: '(spoken)' });
        break;
      case 'response.output_text.delta':
      case 'response.output_audio_transcript.delta':
        this.first();
        this.answered(String(event.item_id), String(event.delta));
        break;
      case 'response.output_audio.delta':
        this.first();
        this.speaker.play(decode(String(event.delta)));
        break;
      case 'error':
        this.fault = String((event.error as { message?: string } | undefined)?.message ?? 'Refused.');
        break;
      case 'response.created':
        this.fault = '';
        break;
      case 'response.done':
        this.turns++;
        break;
    }
  }

  private first() {
    if (this.asked) this.latency = Math.round(performance.now() - this.asked);
    this.asked = 0;
  }

  private answered(id: string, delta: string) {
    const known = this.said.find((one) => one.id === id);
    if (known) known.text += delta;
    else this.said.push({ id, who: 'model', text: delta });
  }

  private note(from: Logged['from'], event: Event, text: string) {
    const last = this.log[0];
    const json = text.length > JSON_MAX ? text.slice(0, JSON_MAX) + '…' : text;
    if (last && last.type === event.type && last.from === from) {
      this.log[0] = { ...last, at: Date.now(), events: last.events + 1, bytes: last.bytes + text.length, json };
      return;
    }
    this.log.unshift({ no: this.count++, at: Date.now(), from, type: event.type, events: 1, bytes: text.length, json });
    if (this.log.length > LOG_MAX) this.log.pop();
  }

  private closed(socket: WebSocket, event: CloseEvent) {
    if (this.socket !== socket) return;
    this.hush();
    this.socket = null;
    this.state = 'closed';
    this.ended = event.code === 1000 ? 'Closed.' : `Closed by the broker: ${event.code}${event.reason ? ' ' + event.reason : ''}.`;
  }
}
