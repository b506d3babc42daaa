// The console through a whole broker, as people use it. Prints what it has seen as JSON; fails when something is not as it must be.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { launch } from './browser.mjs';

const { PARLEY_ADMIN, PARLEY_LINK, PARLEY_WS, PARLEY_SHOTS } = process.env;
const PASSWORD = 'correct horse battery staple';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const seen = { pages: [], requests: 0, scriptBytes: 0, violations: [] };
mkdirSync(PARLEY_SHOTS, { recursive: true });

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: false });
const page = await context.newPage();
const complaints = [];
process.on('uncaughtException', async (failure) => {
  console.error(failure, complaints, await page.locator('main').innerText().catch(() => ''));
  await page.screenshot({ path: join(PARLEY_SHOTS, 'failure.png') }).catch(() => {});
  process.exit(1);
});
page.on('pageerror', (error) => complaints.push('page error: ' + error.message));
page.on('console', (message) => {
  if (message.type() === 'error' && !/401|412|409|422/.test(message.text())) complaints.push('console: ' + message.text());
});
page.on('request', (request) => {
  seen.requests++;
  if (!request.url().startsWith(PARLEY_ADMIN) && !request.url().startsWith(PARLEY_ADMIN.replace('http', 'ws'))) complaints.push('a request to another origin: ' + request.url());
});
page.on('response', async (response) => {
  if (/\.js$/.test(new URL(response.url()).pathname)) {
    assert.equal(response.headers()['content-encoding'], 'gzip');
    seen.scriptBytes += (await response.request().sizes()).responseBodySize;
  }
});

/** Everything that the page asked for is there, and drawn. */
async function settle() {
  await page.waitForFunction(() => !document.querySelector('.loading'));
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

async function shoot(name) {
  await page.screenshot({ path: join(PARLEY_SHOTS, name + '.png') });
  seen.pages.push(name);
}

async function check(name) {
  await settle();
  await shoot(name);
  // The policy of the page forbids to add scripts, so the checker comes by way of the debugger.
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  for (const violation of result.violations) {
    seen.violations.push(`${name}: ${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  }
}

async function heading(name) {
  await page.getByRole('heading', { name, level: 1 }).waitFor();
}

// The first owner.
await page.goto(PARLEY_ADMIN + PARLEY_LINK);
await page.getByLabel('Your name').fill('alice@example.com');
await page.getByLabel('Password').fill(PASSWORD);
await check('welcome');
await page.getByRole('button', { name: 'Begin' }).click();
await heading('Overview');
const cookies = await context.cookies();
assert.deepEqual(
  cookies.map((cookie) => [cookie.name, cookie.httpOnly, cookie.secure, cookie.sameSite]),
  [['__Host-parley', true, true, 'Strict']],
);

// A tenant with a budget, from the keyboard.
await page.keyboard.press('g');
await page.keyboard.press('t');
await heading('Tenants');
await page.getByRole('button', { name: 'New tenant' }).click();
await page.getByLabel('Id', { exact: true }).fill('acme');
await page.getByLabel('Name', { exact: true }).first().fill('Acme <img src=x onerror=alert(1)>');
await page.getByRole('button', { name: 'Add budget' }).click();
await page.getByLabel('Amount', { exact: true }).fill('1.5x');
await page.getByLabel('Amount', { exact: true }).blur();
await page.getByRole('button', { name: 'Make tenant' }).click();
await page.getByRole('alert').waitFor();
await page.getByLabel('Amount', { exact: true }).fill('2.50');
await page.getByLabel('Amount', { exact: true }).blur();
await check('tenant-form');
await page.getByRole('button', { name: 'Make tenant' }).click();
await heading('acme');
await page.getByText('Acme <img src=x onerror=alert(1)>').waitFor();

// A token, and a conversation with it.
await page.getByRole('tab', { name: 'Issuers and tokens' }).click();
await page.getByRole('button', { name: 'Mint token' }).click();
await page.getByLabel('Subject').fill('user-17');
await page.getByRole('button', { name: 'Mint', exact: true }).click();
const token = await page.locator('[data-secret]').textContent();
assert.match(token, /^eyJ/);
await page.getByRole('button', { name: 'Done' }).click();
await check('credentials');

const talker = talk(token);
await talker.turn();
await talker.turn();

// It is seen live, with its money.
await page.keyboard.press('Control+k');
await page.getByRole('combobox').fill('live');
await page.keyboard.press('Enter');
await heading('Live sessions');
const row = page.getByRole('row').filter({ hasText: 'user-17' });
await row.waitFor();
await row.getByText(/\$0\.0\d+/).waitFor();
seen.costBefore = await row.getByRole('cell').last().textContent();
await talker.turn();
await page.waitForFunction(
  (old) => ![...document.querySelectorAll('[role=row]')].some((one) => one.textContent.includes(old)),
  seen.costBefore,
);
seen.costAfter = await row.getByRole('cell').last().textContent();
await check('sessions');
await page.keyboard.press('Control+k');
await page.getByRole('combobox').fill('USER-1');
await page.getByRole('option', { name: /Session user-17 at acme/, selected: true }).waitFor();
await page.keyboard.press('Enter');
await heading('Session');
await page.getByText('response.done').first().waitFor();
const session = new URL(page.url()).hash.slice(1);
// What it holds for what may begin, its upstream, its limits, and each turn with how long it took and what it cost.
await page.getByText('for what runs and may begin').waitFor();
assert.match(await page.locator('dl.facts').innerText(), /default[^]*sess_/);
await page.getByRole('region', { name: 'Limits' }).getByText('$2.50').waitFor();
const turns = page.getByRole('region', { name: 'Turns' }).getByRole('row');
assert.equal(await turns.count(), 4, 'the head and three turns');
assert.match(await turns.nth(1).innerText(), /completed\s+\d+ m?s[^]*\$0\.000\d+/);
await check('session');

// Nobody reads what is said until the tenant allows it, which asks by name.
const events = page.getByRole('region', { name: 'Timeline' });
assert.ok(!(await page.content()).includes('Hello!'));
await events.getByRole('link', { name: 'the tenant’s limits' }).click();
await page.getByLabel('Operators may read what is said').selectOption('yes');
await page.getByRole('button', { name: 'Save limits' }).press('Enter');
await page.getByLabel('To go on, type acme').pressSequentially('acme');
await check('content-allowed');
await page.keyboard.press('Enter');
await page.getByText('Saved.').waitFor();
await page.goto(PARLEY_ADMIN + '/#' + session);
await events.getByText('nothing is kept now').waitFor();
const greeting = events.locator('summary').filter({ hasText: /conversation\.item\.create\b/ });
while ((await greeting.count()) === 0) {
  // The setting takes a moment to get to the node; what is said before that is not kept.
  await talker.turn();
  await page.waitForResponse((response) => response.url().endsWith('/content'));
}
await greeting.first().press('Enter');
await events.locator('details[open]').getByText('"text": "Hello!"').waitFor();
await check('session-content');
await page.setViewportSize({ width: 390, height: 844 });
await page.emulateMedia({ colorScheme: 'dark' });
await events.scrollIntoViewIfNeeded();
await check('session-content-phone-dark');
await page.setViewportSize({ width: 1440, height: 900 });
await page.emulateMedia({ colorScheme: 'light' });

// A lower limit: the live session obeys.
await page.goto(PARLEY_ADMIN + '/#/tenants/acme?tab=limits');
await page.getByLabel('Amount', { exact: true }).fill('0.000001');
await page.getByLabel('Amount', { exact: true }).blur();
await page.getByRole('button', { name: 'Save limits' }).click();
await page.getByText('Saved.').waitFor();
await check('limits');
seen.refusedWith = await talker.refusal();
assert.match(seen.refusedWith, /budget/);

// The session is ended, by name.
await page.goto(PARLEY_ADMIN + '/#/sessions');
await row.getByRole('link').first().click();
await page.getByRole('button', { name: 'End session…' }).press('Enter');
const confirm = page.getByRole('button', { name: 'End session', exact: true });
assert.equal(await confirm.isDisabled(), true);
await page.getByLabel('To go on, type acme').pressSequentially('acme');
await check('confirm');
const began = Date.now();
const ended = talker.ended();
await page.keyboard.press('Enter');
await ended;
seen.endedWithinMillis = Date.now() - began;
assert.ok(seen.endedWithinMillis < 1_500, 'ended within ' + seen.endedWithinMillis);
await page.getByText('ended', { exact: true }).waitFor();
await page.getByRole('region', { name: 'Timeline' }).getByText('response.done').first().waitFor();

// The error and the audit entries are there.
await page.goto(PARLEY_ADMIN + '/#/errors');
await heading('Errors');
await page.getByRole('button', { name: seen.refusedWith }).waitFor();
await check('errors');
await page.goto(PARLEY_ADMIN + '/#/audit');
await page.getByText('session.end').waitFor();
await page.getByText('session.read').waitFor();
await page.getByText('tenant.change').first().waitFor();
await page.getByRole('button', { name: 'Verify' }).click();
await page.getByText('The chain holds').waitFor();
await check('audit');

// Another administrator, who only looks.
await page.goto(PARLEY_ADMIN + '/#/administrators');
await heading('Administrators and tokens');
await page.getByRole('button', { name: 'New administrator' }).click();
await page.getByLabel('Name', { exact: true }).fill('bob@example.com');
await page.getByRole('button', { name: 'Make', exact: true }).click();
const link = await page.locator('[data-secret]').textContent();
await page.getByRole('button', { name: 'Done' }).click();
await check('administrators');
const other = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme: 'dark' });
const phone = await other.newPage();
await phone.goto(link);
await phone.getByLabel('Password').fill(PASSWORD);
await phone.getByRole('button', { name: 'Set password and sign in' }).click();
await phone.getByRole('heading', { name: 'Overview' }).waitFor();
await phone.goto(PARLEY_ADMIN + '/#/tenants/acme');
await phone.getByRole('heading', { name: 'acme' }).waitFor();
assert.equal(await phone.getByRole('button', { name: 'Suspend…' }).count(), 0);
await phone.goto(PARLEY_ADMIN + '/#' + session);
await phone.getByText('what is said is for operators and owners only').waitFor();
await other.close();

// Who saves what somebody else has changed meanwhile is told so, and sees it.
const bob = page.getByRole('row', { name: /bob@example.com/ });
await bob.getByRole('button', { name: 'Change…' }).click();
await page.evaluate(async () => {
  const read = async (path) => (await fetch('/api/v1' + path)).json();
  const { csrf_token } = await read('/session');
  const one = (await read('/administrators')).items.find((row) => row.name === 'bob@example.com');
  await fetch('/api/v1/administrators/bob%40example.com', {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token, 'If-Match': `"${one.generation}"` },
    body: JSON.stringify({ role: 'operator' }),
  });
});
await page.getByRole('button', { name: 'Save', exact: true }).click();
await page.getByText('Somebody else has changed this').waitFor();
await page.getByRole('button', { name: 'Cancel' }).click();
await bob.getByText('operator').waitFor();

// A conversation in the playground, at the tenant's cost.
await page.goto(PARLEY_ADMIN + '/#/tenants/acme?tab=limits');
await page.getByLabel('Amount', { exact: true }).fill('5');
await page.getByLabel('Amount', { exact: true }).blur();
await page.getByRole('button', { name: 'Save limits' }).click();
await page.getByText('Saved.').waitFor();
await page.goto(PARLEY_ADMIN + '/#/playground?tenant=acme&model=gpt-realtime');
for (;;) {
  // The new budget takes a moment to get to the node; until then it says why not.
  await page.getByRole('button', { name: 'Connect' }).click();
  const first = await Promise.race([
    page.getByText('session.updated').waitFor().then(() => 'in'),
    page.getByText('refused with HTTP').waitFor().then(() => 'refused'),
  ]);
  if (first === 'in') break;
  await page.getByText('the budget').first().waitFor();
}
await page.getByLabel('What to say').fill('Hello from the playground');
await page.keyboard.press('Enter');
await page.getByText('response.done').waitFor();
await page.getByRole('log').getByText('You said: "Hello from the playground"').waitFor();
await page.getByRole('link', { name: 'its session' }).waitFor();
await page.waitForFunction(() => /\$0\.0\d*[1-9]/.test(document.querySelector('main').textContent));
await check('playground-open');
await page.getByRole('button', { name: 'Disconnect' }).click();

// An upstream account, whose key is never shown again, and a webhook.
await page.goto(PARLEY_ADMIN + '/#/upstreams');
await heading('Upstreams');
await page.getByRole('button', { name: 'New account' }).click();
await page.getByLabel('Name', { exact: true }).fill('second');
await page.getByLabel('API key').fill('sk-canary-of-the-scenario');
await page.getByRole('button', { name: 'Add account' }).click();
await page.getByRole('button', { name: 'Drain…' }).waitFor();
await page.goto(PARLEY_ADMIN + '/#/webhooks');
await page.getByRole('button', { name: 'New webhook' }).click();
await page.getByLabel('Address').fill('https://hooks.example.com/parley?key=hidden');
await page.getByRole('button', { name: 'Make webhook' }).click();
await page.getByRole('button', { name: 'Done' }).click();
await page.getByText('https://hooks.example.com/parley?…').waitFor();
assert.ok(!(await page.content()).includes('hidden"'));

// A model that the provider has brought out, and its price.
await page.goto(PARLEY_ADMIN + '/#/models');
await page.getByRole('button', { name: 'New model' }).click();
await page.getByLabel('Name', { exact: true }).fill('gpt-realtime-next');
await page.getByLabel('Context, tokens').fill('65536');
await page.getByLabel('Output, tokens').fill('4096');
await page.getByRole('button', { name: 'Add model' }).click();
await page.getByRole('heading', { name: 'New price of gpt-realtime-next' }).waitFor();
await page.getByLabel('Text in', { exact: true }).fill('0.0005');
await page.getByRole('button', { name: 'Add price' }).click();
await page.getByText('with three decimals at most').waitFor();
await page.getByLabel('Text in', { exact: true }).fill('4');
await page.getByLabel('Text out', { exact: true }).fill('16');
await check('new-price');
await page.getByRole('button', { name: 'Add price' }).click();
const fresh = page.getByRole('row').filter({ hasText: 'gpt-realtime-next' });
await fresh.getByText('$16.00').waitFor();
await fresh.getByRole('button', { name: 'End date' }).click();
await page.getByLabel('Shut down at').fill('2099-01-20T12:30');
await page.getByRole('button', { name: 'Save' }).click();
await fresh.getByText(/ends.*2099/).waitFor();

// Every page, on the desk and on a phone, in light and dark.
const PAGES = {
  overview: '/',
  session,
  sessions: '/sessions',
  tenants: '/tenants',
  tenant: '/tenants/acme',
  'tenant-limits': '/tenants/acme?tab=limits',
  'tenant-usage': '/tenants/acme?tab=usage&period=1h&by=class',
  plans: '/plans',
  usage: '/usage?period=1h',
  billing: '/usage?tab=billing',
  errors: '/errors',
  playground: '/playground?tenant=acme',
  webhooks: '/webhooks',
  upstreams: '/upstreams',
  nodes: '/nodes',
  models: '/models',
  audit: '/audit',
  administrators: '/administrators',
};
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
for (const [name, path] of Object.entries(PAGES)) {
  await page.goto(PARLEY_ADMIN + '/#' + path);
  for (const [mode, viewport, colorScheme, axed] of [
    ['desk-light', DESK, 'light', true],
    ['desk-dark', DESK, 'dark', false],
    ['phone-light', PHONE, 'light', false],
    ['phone-dark', PHONE, 'dark', true],
  ]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    if (axed) await check(`${name}-${mode}`);
    else await shoot(`${name}-${mode}`);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wider > 0) complaints.push(`${name} on ${mode} is ${wider} px wider than the screen`);
  }
}
await browser.close();
seen.complaints = complaints;
console.log(JSON.stringify(seen));
process.exit(0);

/** A client of the tenant. */
function talk(bearer) {
  const { WebSocket } = createRequire(join(process.cwd(), '../node/package.json'))('ws');
  const socket = new WebSocket(PARLEY_WS + '/realtime?model=gpt-realtime', { headers: { authorization: 'Bearer ' + bearer } });
  const events = [];
  const waiting = [];
  socket.on('message', (message) => {
    events.push(JSON.parse(message));
    for (const one of waiting.splice(0)) one();
  });
  const closed = new Promise((resolve) => socket.on('close', resolve));

  async function until(condition, from = events.length) {
    for (;;) {
      const found = events.slice(from).find(condition);
      if (found) return found;
      await new Promise((resolve) => waiting.push(resolve));
    }
  }

  const ready = (async () => {
    await until((event) => event.type === 'session.created', 0);
    const updated = until((event) => event.type === 'session.updated');
    socket.send(JSON.stringify({ type: 'session.update', session: { type: 'realtime', output_modalities: ['text'] } }));
    await updated;
  })();

  async function ask(condition) {
    await ready;
    const answer = until(condition);
    socket.send(JSON.stringify({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello!' }] } }));
    socket.send(JSON.stringify({ type: 'response.create' }));
    return answer;
  }

  return {
    turn: () => ask((event) => event.type === 'response.done'),
    /** Asks until it is refused. */
    refusal: async () => {
      for (;;) {
        const event = await ask((one) => one.type === 'response.done' || (one.type === 'error' && one.error.code));
        if (event.type === 'error') return event.error.code;
      }
    },
    ended: () => closed,
  };
}
