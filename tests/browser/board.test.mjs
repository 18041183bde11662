// The pages in a real browser: PIPEWRIGHT_BINARY serves them, CHROMIUM opens them. PIPEWRIGHT_PICTURES, where set, is a folder
// for pictures of what was seen.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const binary = process.env.PIPEWRIGHT_BINARY;
const executablePath = process.env.CHROMIUM;
const pictures = process.env.PIPEWRIGHT_PICTURES;
const PATIENCE = 30_000;
let folder, full, empty, browser;

/** Starts the server in a folder of its own; its address. */
async function serve(name, ...flags) {
  const url = `sqlite:${join(folder, `${name}.sqlite`)}`;
  const flagged = ['serve', '--listen', '127.0.0.1:0', '--database-url', url, ...flags];
  const child = spawn(binary, flagged, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const address = line.match(/http:\/\/[^/ ]+/);
    if (address) return { child, address: address[0] };
  }
  throw new Error('the server ended before it printed its address');
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipewright-browser-'));
  [full, empty] = await Promise.all([serve('full', '--sample', '2000'), serve('empty')]);
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
});

after(async () => {
  await browser?.close();
  for (const server of [full, empty]) {
    if (!server) continue;
    server.child.kill();
    if (server.child.exitCode === null && server.child.signalCode === null) await once(server.child, 'exit');
  }
  if (folder) await rm(folder, { recursive: true });
});

/** A page that fails the test on a console error, a breach of the policy, or a request to another host. */
async function open(address, path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const wrong = [];
  page.on('console', (message) => message.type() === 'error' && wrong.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(`${address}/`) && !/^(data|blob):/.test(url)) wrong.push(`another host: ${url}`);
  });
  page.on('response', (response) => response.status() >= 400 && wrong.push(`${response.status()}: ${response.url()}`));
  await page.addInitScript(() => {
    window.breaches = [];
    document.addEventListener('securitypolicyviolation', (event) => window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  await page.goto(address + path);
  const close = async () => {
    assert.deepEqual(await page.evaluate(() => window.breaches), [], 'the content security policy is kept');
    assert.deepEqual(wrong, []);
    await context.close();
  };
  return { page, close };
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** Does `act`, and waits for the board that follows from it. */
async function answered(page, act) {
  const [response] = await Promise.all([page.waitForResponse((response) => response.url().endsWith('/graphql')), act()]);
  return response.json();
}

test('the board shows coloured cells, each named in words as well', async () => {
  const { page, close } = await open(full.address, '/');
  await page.waitForSelector('td.status');
  const cells = await page.$$eval('td.status', (all) => all.map((cell) => [getComputedStyle(cell).backgroundColor, cell.innerText]));
  assert.ok(cells.length >= 20, `${cells.length} cells`);
  assert.ok(new Set(cells.map(([colour]) => colour)).size >= 3, 'three colours at least');
  assert.ok(cells.every(([, text]) => text.trim().length > 0));
  const marks = await page.$$eval('td.status .mark', (all) => all.map((mark) => mark.getAttribute('aria-label')));
  assert.ok(marks.length === cells.length && marks.every((mark) => ['RED', 'YELLOW', 'GREEN', 'GREY'].includes(mark)));
  await picture(page, 'board');
  await close();
});

test('period, as of and cut change what is shown, and the address says it', async () => {
  const { page, close } = await open(full.address, '/');
  await page.waitForSelector('tfoot td');
  const before = await page.innerText('.frame');
  const year = Number(before.match(/FY(\d{4})/)[1]);
  await answered(page, async () => {
    await page.getByLabel('Period').fill(`FY${year - 1}-Q2`);
    await page.keyboard.press('Enter');
  });
  await page.waitForFunction((name) => document.querySelector('.frame').innerText.includes(name), `FY${year - 1}-Q2`);
  const cut = await answered(page, () => page.getByLabel('Cut by').selectOption('PRODUCT'));
  const first = cut.data.apm.cells[0].key[0];
  assert.equal(first.dimension, 'PRODUCT');
  await page.waitForFunction((label) => document.querySelector('tbody th').innerText === label, first.label);
  const total = await page.innerText('tfoot');
  await answered(page, () => page.getByLabel('As of').fill(`${year - 2}-06-01`));
  await page.waitForFunction((label) => document.querySelector('tfoot').innerText !== label, total);
  const address = new URL(page.url()).searchParams;
  assert.deepEqual([address.get('period'), address.get('by'), address.get('asOf')], [`FY${year - 1}-Q2`, 'PRODUCT', `${year - 2}-06-01`]);
  await page.reload();
  await page.waitForSelector('tfoot td');
  assert.equal(await page.getByLabel('Cut by').inputValue(), 'PRODUCT');
  await close();
});

test('a period that is none is refused in words, and the way back works', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${full.address}/?period=Q9`);
  assert.match(await page.getByRole('alert').innerText(), /'Q9' names no period/);
  await page.getByLabel('Period').fill('');
  await page.keyboard.press('Enter');
  await page.waitForSelector('td.status');
  assert.equal(await page.getByRole('alert').count(), 0);
  await context.close();
});

test('every control is reached and used by keyboard alone', async () => {
  const { page, close } = await open(full.address, '/');
  await page.waitForSelector('tfoot td');
  const reached = [];
  for (let step = 0; step < 12; step++) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.labels?.[0]?.firstChild?.textContent ?? document.activeElement.innerText));
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    // The parts of a date field show the focus themselves, where no script can look.
    if (reached.at(-1) !== 'As of') assert.notEqual(ring, 'none', `focus is seen on ${reached.at(-1)}`);
    if (reached.at(-1) === 'Model') break;
  }
  for (const name of ['GraphiQL', 'Period', 'As of', 'Cut by', 'Model']) assert.ok(reached.includes(name), `${name}: ${reached}`);
  const answer = await answered(page, async () => {
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowDown');
  });
  assert.deepEqual([...new Set(answer.data.apm.cells.flatMap((cell) => cell.key.map((part) => part.dimension)))], ['REGION']);
  await close();
});

test('a narrow phone and a dark room are served too', async () => {
  const phone = await open(full.address, '/', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  await phone.page.waitForSelector('tfoot td');
  const width = await phone.page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 390, `the page is ${width} wide: only the table may scroll`);
  await picture(phone.page, 'phone');
  await phone.close();
  const dark = await open(full.address, '/', { colorScheme: 'dark' });
  await dark.page.waitForSelector('tfoot td');
  const [ground, text] = await dark.page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]);
  const light = (colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
  assert.ok(light(ground) < 150 && light(text) > 500, `${text} on ${ground}`);
  await picture(dark.page, 'dark');
  await dark.close();
});

test('an empty database says what to do', async () => {
  const { page, close } = await open(empty.address, '/');
  await page.waitForSelector('.empty');
  assert.match(await page.innerText('.empty'), /pipewright import/);
  await picture(page, 'empty');
  await close();
});

test('GraphiQL runs a query and its explorer shows the schema', async () => {
  const { page, close } = await open(full.address, '/graphiql');
  await page.waitForSelector('.graphiql-query-editor .view-line');
  const answer = await answered(page, () => page.click('.graphiql-execute-button'));
  assert.ok(answer.data.apm.cells.length > 0, JSON.stringify(answer).slice(0, 300));
  await page.waitForFunction(() => /closedAcv/.test(document.querySelector('.result-window')?.innerText ?? ''));
  await picture(page, 'graphiql');
  await page.getByRole('button', { name: /documentation explorer/i }).first().click();
  await page.waitForSelector('.graphiql-doc-explorer');
  await page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).first().click();
  await page.locator('.graphiql-doc-explorer').getByText('apm', { exact: true }).first().waitFor();
  await picture(page, 'explorer');
  await close();
});

test('GraphiQL shows a subscription as it is told', async () => {
  const { page, close } = await open(full.address, '/graphiql');
  await page.waitForSelector('.graphiql-query-editor .view-line');
  await page.click('.graphiql-query-editor .view-line');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.insertText('subscription { apmChanged(by: [REGION]) { dataVersion period { name } } }');
  const [socket] = await Promise.all([page.waitForEvent('websocket'), page.click('.graphiql-execute-button')]);
  assert.equal(socket.url(), `${full.address.replace('http', 'ws')}/graphql`);
  await page.waitForFunction(() => /apmChanged/.test(document.querySelector('.result-window')?.innerText ?? ''));
  const ended = socket.waitForEvent('close');
  await page.click('.graphiql-execute-button');
  await ended;
  await close();
});
