// Microphone and speaker of the playground: 16-bit PCM, mono, 24 kHz, as the Realtime API speaks it.
const RATE = 24_000;

export function encode(pcm: ArrayBuffer): string {
  const bytes = new Uint8Array(pcm);
  let text = '';
  for (let i = 0; i < bytes.length; i += 8_192) text += String.fromCharCode(...bytes.subarray(i, i + 8_192));
  return btoa(text);
}

export function decode(text: string): Float32Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const samples = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 1 }, (_, i) => samples.getInt16(i * 2, true) / 32_768);
}

/** Gives what it hears to whoever asked, in pieces of 100 ms. */
export class Microphone {
  private stream: MediaStream | null = null;
  private context: AudioContext | null = null;

  async start(heard: (pcm: ArrayBuffer) => void) {
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } });
    this.context = new AudioContext({ sampleRate: RATE });
    await this.context.audioWorklet.addModule('/recorder.js');
    const recorder = new AudioWorkletNode(this.context, 'recorder', { numberOfOutputs: 0 });
    recorder.port.onmessage = (event) => heard(event.data as ArrayBuffer);
    this.context.createMediaStreamSource(this.stream).connect(recorder);
  }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    void this.context?.close();
    this.stream = null;
    this.context = null;
  }
}

/** Plays pieces one after the other; silent at once when somebody speaks. */
export class Speaker {
  private context: AudioContext | null = null;
  private next = 0;
  private playing = new Set<AudioBufferSourceNode>();

  play(samples: Float32Array<ArrayBuffer>) {
    if (!samples.length) return;
    this.context ??= new AudioContext({ sampleRate: RATE });
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    source.onended = () => this.playing.delete(source);
    this.playing.add(source);
    this.next = Math.max(this.next, this.context.currentTime + 0.05);
    source.start(this.next);
    this.next += buffer.duration;
  }

  silence() {
    for (const one of this.playing) one.stop();
    this.playing.clear();
    this.next = 0;
  }

  close() {
    this.silence();
    void this.context?.close();
    this.context = null;
  }
}
