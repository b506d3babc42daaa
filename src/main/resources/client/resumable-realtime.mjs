// A realtime session that outlives its connection: reconnects and resumes as src/docs/resume.md says.
// For browsers and for Node (22 or later; before that, pass the class of the package "ws" as WebSocket). No dependencies.
const BACKOFF_MILLIS = 100;
const BACKOFF_MILLIS_MAX = 3_000;
const WAITING_MAX = 1_000;

// After any other close the session is over.
const waits = (code, reason) => code === 1006 || /^(resume_elsewhere|slow|timeout)/.test(reason);

/**
 * Options: url, such as wss://broker.example/v1; model, for the first connection; token, a string or an (async) function
 * that gives a fresh one; windowMillis, how long to try: the tenant's resume window.
 *
 * Dispatches "event" with each server event as detail, once and in order; "lost" and "back" around a gap; and "close" with
 * {code, reason} when the session is over: what comes next is a new one.
 */
export class ResumableRealtime extends EventTarget {
  #options;
  #socket = null;
  #sessionId = null;
  #lastEventId = null;
  #lostAt = 0;
  #tries = 0;
  #waiting = [];
  #over = false;

  constructor(options) {
    super();
    this.#options = { WebSocket: globalThis.WebSocket, windowMillis: 30_000, ...options };
    this.#connect();
  }

  get sessionId() { return this.#sessionId; }

  /** Sends a client event. While the connection is away events wait, but for audio, which would come too late. */
  send(event) {
    if (this.#socket?.readyState === 1) {
      this.#socket.send(JSON.stringify(event));
    } else if (event.type !== 'input_audio_buffer.append' && this.#waiting.length < WAITING_MAX) {
      this.#waiting.push(event);
    }
  }

  /** Ends the session. */
  close() {
    this.#socket?.close(1000, '');
    this.#end(1000, '');
  }

  async #connect() {
    const { url, model, token, WebSocket } = this.#options;
    const last = this.#lastEventId && { last_event_id: this.#lastEventId };
    const query = new URLSearchParams(this.#sessionId ? { session_id: this.#sessionId, ...last } : { model });
    try {
      const secret = typeof token === 'function' ? await token() : token;
      if (this.#over) return;
      const socket = new WebSocket(`${url}/realtime?${query}`, ['realtime', `openai-insecure-api-key.${secret}`]);
      this.#socket = socket;
      socket.onopen = () => this.#opened();
      socket.onmessage = (message) => this.#heard(JSON.parse(message.data));
      socket.onerror = () => {}; // a close follows
      socket.onclose = ({ code, reason }) => this.#closed(code, reason);
    } catch {
      this.#closed(1006, 'no connection');
    }
  }

  #opened() {
    if (this.#lostAt > 0) this.#say('back');
    this.#lostAt = 0;
    for (const event of this.#waiting.splice(0)) this.send(event);
  }

  #heard(event) {
    this.#tries = 0;
    if (event.type === 'session.created') this.#sessionId = event.session.id;
    if (event.event_id) this.#lastEventId = event.event_id;
    this.#say('event', event);
  }

  #closed(code, reason) {
    if (this.#over) return;
    if (this.#lostAt === 0 && this.#sessionId !== null) this.#say('lost');
    this.#lostAt ||= Date.now();
    const late = Date.now() - this.#lostAt > this.#options.windowMillis;
    if (late || !waits(code, reason) || this.#sessionId === null) return this.#end(code, reason);
    const most = Math.min(BACKOFF_MILLIS_MAX, BACKOFF_MILLIS * 2 ** this.#tries++);
    setTimeout(() => this.#over || this.#connect(), Math.random() * most);
  }

  #end(code, reason) {
    if (!this.#over) this.#say('close', { code, reason });
    this.#over = true;
  }

  #say(type, detail) {
    this.dispatchEvent(Object.assign(new Event(type), { detail }));
  }
}
