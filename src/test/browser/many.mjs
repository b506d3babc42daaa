// 10,000 live sessions in the table, a tenth of them changing every second: what it costs the browser. Prints JSON.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { launch } from './browser.mjs';

const { PARLEY_ADMIN, PARLEY_LINK, PARLEY_NODE_PORT, PARLEY_SESSIONS } = process.env;
const SECONDS = 4;
const sessions = Number(PARLEY_SESSIONS);

// The node that serves them.
let asked = 0;
createServer((request, response) => {
  asked++;
  const figures = [];
  for (let i = 1; i <= sessions; i++) {
    const busy = (i + asked) % 10 === 0;
    figures.push([`psn_${String(i).padStart(22, '0')}`, 'RELAYING', busy ? 1 : 0, Math.floor((asked + (i % 10)) / 10) * 1_234_567 + i]);
  }
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ epoch: 0, figures }));
}).listen(Number(PARLEY_NODE_PORT), '127.0.0.1');

const browser = await launch();
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto(PARLEY_ADMIN + PARLEY_LINK);
await page.getByLabel('Your name').fill('alice@example.com');
await page.getByLabel('Password').fill('correct horse battery staple');
await page.getByRole('button', { name: 'Begin' }).click();
await page.getByRole('heading', { name: 'Overview' }).waitFor();
await page.goto(PARLEY_ADMIN + '/#/sessions');
await page.getByText(`${sessions.toLocaleString('en-US')} of ${sessions.toLocaleString('en-US')} sessions`).waitFor({ timeout: 30_000 });
await page.getByText(/\$0\.00\d/).first().waitFor();

const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable');
async function metrics() {
  const { metrics: all } = await cdp.send('Performance.getMetrics');
  return Object.fromEntries(all.map((one) => [one.name, one.value]));
}

async function over(seconds, act) {
  const before = await metrics();
  await act();
  const after = await metrics();
  const took = after.Timestamp - before.Timestamp;
  return {
    scriptMillisPerSecond: Math.round(((after.ScriptDuration - before.ScriptDuration) * 1000) / took),
    busyMillisPerSecond: Math.round(((after.TaskDuration - before.TaskDuration) * 1000) / took),
    heapMegabytes: Math.round(after.JSHeapUsedSize / 1e6),
  };
}

const seen = {};
seen.idle = await over(SECONDS, () => page.waitForTimeout(SECONDS * 1000));
// Scrolls through all rows, a screen at every frame, and notes the longest frame.
let longest = 0;
seen.scrolling = await over(SECONDS, async () => {
  longest = await page.evaluate(async (until) => {
    const table = document.querySelector('[role=table]');
    let last = performance.now();
    let most = 0;
    const end = last + until;
    while (performance.now() < end) {
      table.scrollTop = (table.scrollTop + 700) % (table.scrollHeight - table.clientHeight);
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      most = Math.max(most, now - last);
      last = now;
    }
    return most;
  }, SECONDS * 1000);
});
seen.longestFrameMillis = Math.round(longest);
seen.rowsInPage = await page.locator('[role=row]').count();
for (const column of ['Cost', 'Tenant', 'Session']) {
  seen['sort' + column + 'Millis'] = Math.round(
    await page.evaluate(async (name) => {
      const button = [...document.querySelectorAll('[role=columnheader] button')].find((one) => one.textContent.startsWith(name));
      const began = performance.now();
      button.click();
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return performance.now() - began;
    }, column),
  );
}
assert.ok(seen.rowsInPage < 100);
console.log(JSON.stringify(seen));
process.exit(0);
