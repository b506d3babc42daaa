// node play.mjs ga|beta CLASS: plays one scenario for each line of standard input, {"scenario","token","model"}, and answers with a line
// of what the client saw. PARLEY_URL is the base (http://127.0.0.1:8080/v1), PARLEY_WAV the recording.
import readline from 'node:readline';

const [dialect, kind] = process.argv.slice(2);
const { play } = await import(`./${dialect}.mjs`);

for await (const line of readline.createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const seen = await play(order.scenario, kind, order).catch((error) => ({ failure: String(error.stack) }));
  console.log(JSON.stringify(seen));
}
