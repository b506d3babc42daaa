// What the console shows when there is nothing, when it waits, and when the broker is away; and what can be done without a pointer.
// Prints what axe finds as JSON; fails when something is not as it must be.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { launch } from './browser.mjs';

const { PARLEY_LINK, PARLEY_SHOTS } = process.env;
const line = await openLine(new URL(process.env.PARLEY_ADMIN));
const PARLEY_ADMIN = line.url;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const seen = { states: [], violations: [] };
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
const page = await context.newPage();
process.on('uncaughtException', async (failure) => {
  console.error(failure, await page.locator('body').innerText().catch(() => ''));
  await page.screenshot({ path: join(PARLEY_SHOTS, 'failure-states.png') }).catch(() => {});
  process.exit(1);
});

async function check(state) {
  seen.states.push(state);
  await page.screenshot({ path: join(PARLEY_SHOTS, `state-${state}.png`) });
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of result.violations) seen.violations.push(`${state}: ${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

async function go(path) {
  await page.goto(PARLEY_ADMIN + '/#' + path);
}

await page.goto(PARLEY_ADMIN + PARLEY_LINK);
await page.getByLabel('Your name').fill('alice@example.com');
await page.getByLabel('Password').fill('correct horse battery staple');
await page.keyboard.press('Enter');
await page.getByText('Sessions now').waitFor();

// Loading: something is there before the answer.
let release;
const held = new Promise((resolve) => (release = resolve));
await page.route('**/api/v1/overview', async (route) => (await held, route.continue()));
await page.reload();
await page.getByRole('status').getByText('Loading').waitFor();
await check('loading');
release();
await page.getByText('Sessions now').waitFor();
await page.unroute('**/api/v1/overview');

// Stale: what was there stays, and says how old it is; then it heals by itself.
await page.route('**/api/v1/overview', (route) => route.abort());
await page.getByText('What you see is from').waitFor();
await page.getByText('Sessions now').waitFor();
await check('stale');
await page.unroute('**/api/v1/overview');
await page.getByText('What you see is from').waitFor({ state: 'detached' });

// Broken from the beginning: with a way to try again.
await page.route('**/api/v1/overview', (route) => route.abort());
await page.reload();
await page.getByText('The broker does not answer.').waitFor();
await check('broken');
await page.unroute('**/api/v1/overview');
await page.getByRole('button', { name: 'Try again' }).press('Enter');
await page.getByText('Sessions now').waitFor();

// The whole broker is away: so it says, and comes back without a hand.
await go('/sessions');
await page.getByText('Nobody is connected').waitFor();
await check('empty-sessions');
line.freeze();
await page.getByText('stale', { exact: true }).waitFor();
line.thaw();
await page.getByText('live', { exact: true }).waitFor();
line.cut();
await page.getByText('disconnected', { exact: true }).waitFor();
await page.getByText('it goes on by itself').waitFor();
await check('disconnected');
line.mend();
await page.getByText('live', { exact: true }).waitFor();
assert.equal(await page.getByText('it goes on by itself').count(), 0);

// A node that refuses the stream, such as one that stops: a browser would not come back by itself.
await page.route('**/sessions/stream', (route) => route.fulfill({ status: 503, body: '' }));
await page.reload();
await page.getByText('disconnected', { exact: true }).waitFor();
await page.unroute('**/sessions/stream');
await page.getByText('live', { exact: true }).waitFor();

// Whoever was signed out elsewhere is asked to sign in, and then is where they were.
await page.evaluate(async () => {
  const { id, csrf_token } = await (await fetch('/api/v1/session')).json();
  await fetch('/api/v1/session/browsers/' + id, { method: 'DELETE', headers: { 'X-CSRF-Token': csrf_token } });
});
await go('/plans');
await page.reload();
await page.getByLabel('Name').fill('alice@example.com');
await page.getByLabel('Password').fill('correct horse battery staple');
await check('sign-in');
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Plans', level: 1 }).waitFor();

// Nothing there.
for (const [state, path, says] of [
  ['empty-audit', '/audit?actor=nobody-at-all', 'Nothing like this was done'],
  ['no-match', '/sessions?find=nobody-at-all', 'No session matches'],
  ['no-page', '/nowhere', 'There is no such page'],
  ['no-tenant', '/tenants/unheard-of', 'There is no tenant'],
  ['no-session', '/sessions/psn_unheard-of', 'There is no such session'],
  ['empty-usage', '/usage?period=1h', 'Nothing was used in this time'],
  ['empty-errors', '/errors', 'Nothing has gone wrong'],
]) {
  await go(path);
  await page.getByText(says).first().waitFor();
  if (state.startsWith('no-')) await check(state);
}

// Without a pointer: past the menu, to any page, any tenant, and back.
await go('/');
await page.getByText('Sessions now').waitFor();
await page.keyboard.press('Tab');
assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
await page.keyboard.press('Enter');
assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
await page.keyboard.press('/');
await page.getByRole('combobox').fill('demo');
await page.getByRole('option', { name: /Tenant/ }).waitFor();
await check('palette');
await page.keyboard.press('Escape');
await page.getByRole('combobox').waitFor({ state: 'hidden' });
await page.keyboard.press('Control+k');
await page.getByRole('combobox').fill('o');
await page.keyboard.press('ArrowDown');
await page.keyboard.press('ArrowUp');
await page.getByRole('combobox').fill('demo');
await page.getByRole('option', { name: /Tenant/, selected: true }).waitFor();
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'demo', level: 1 }).waitFor();
await page.getByRole('tab', { name: 'Overview' }).or(page.getByRole('tab').first()).first().focus();
await page.keyboard.press('ArrowRight');
assert.match(page.url(), /tab=/);
await page.getByRole('button', { name: 'alice@example.com' }).press('Enter');
await page.getByText('this one').waitFor();
await check('account');
await page.keyboard.press('Escape');
await browser.close();
console.log(JSON.stringify(seen));
process.exit(0);

/** The way from the browser to the broker, which can be frozen, and cut. */
async function openLine(broker) {
  const sockets = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return void near.destroy();
    const far = connect(Number(broker.port), broker.hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.on('data', (bytes) => other.write(bytes));
      one.on('error', () => other.destroy());
      one.on('close', () => (sockets.delete(one), other.destroy()));
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    freeze: () => sockets.forEach((socket) => socket.pause()),
    thaw: () => sockets.forEach((socket) => socket.resume()),
    cut: () => {
      whole = false;
      sockets.forEach((socket) => socket.destroy());
    },
    mend: () => (whole = true),
  };
}
