// The recording that is spoken: 24 kHz, 16 bits, mono.
import fs from 'node:fs';

export const BYTES_PER_MILLI = 48;
const wave = fs.readFileSync(process.env.PARLEY_WAV);
export const pcm = wave.subarray(wave.indexOf('data') + 8);
// The recording's first sentence, with the start of the pause behind it.
export const firstSentence = pcm.subarray(0, 3900 * BYTES_PER_MILLI);

export const TOOL = {
  type: 'function',
  name: 'get_weather',
  description: 'Tells the weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
