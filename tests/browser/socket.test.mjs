// The socket as the npm client `graphql-ws` meets it: PIPEWRIGHT_BINARY serves.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { CloseCode, createClient } from 'graphql-ws';
import WebSocket from 'ws';

const binary = process.env.PIPEWRIGHT_BINARY;
const LIMITS = {
  PIPEWRIGHT__SERVER__LIMITS__SOCKET_INIT_S: '1',
  PIPEWRIGHT__SERVER__LIMITS__SOCKET_OPERATIONS: '2',
};
const OPEN = 'subscription { apmChanged(by: [REGION]) { period { name } dataVersion } }';
let folder, child, address;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipewright-socket-'));
  const url = `sqlite:${join(folder, 'socket.sqlite')}`;
  child = spawn(binary, ['serve', '--listen', '127.0.0.1:0', '--database-url', url, '--sample', '200'], {
    cwd: folder,
    env: { ...process.env, ...LIMITS },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    address = line.match(/http:\/\/[^/ ]+/)?.[0].replace('http', 'ws').concat('/graphql');
    if (address) return;
  }
  throw new Error('the server ended before it printed its address');
});

after(async () => {
  child?.kill();
  if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  if (folder) await rm(folder, { recursive: true });
});

const client = (options = {}) => createClient({ url: address, webSocketImpl: WebSocket, retryAttempts: 0, ...options });

/** Every answer to an operation, up to its end. */
async function answers(of, query) {
  const all = [];
  for await (const answer of of.iterate({ query })) all.push(answer);
  return all;
}

test('queries, acts and subscriptions go over one socket', async () => {
  const all = client();
  const [answer] = await answers(all, 'query A { viewer { name } }');
  assert.deepEqual(answer.data, { viewer: { name: 'local' } });
  const watched = all.iterate({ query: OPEN });
  const { value } = await watched.next();
  assert.match(value.data.apmChanged.period.name, /^FY\d{4}-Q\d$/);
  const [beside] = await answers(all, '{ viewer { permission } }');
  assert.equal(beside.data.viewer.permission, 'ADMIN');
  await watched.return();
  for (let round = 0; round < 5; round++) {
    const again = all.iterate({ query: OPEN });
    assert.equal((await again.next()).value.errors, undefined, 'what is completed makes room');
    await again.return();
  }
  await all.dispose();
});

test('an operation that is wrong ends by itself and leaves the others', async () => {
  const all = client();
  const watched = all.iterate({ query: OPEN });
  await watched.next();
  await assert.rejects(answers(all, '{ viewer { nope } }'), (errors) => {
    assert.equal(errors[0].extensions.code, 'BAD_USER_INPUT');
    return true;
  });
  const second = all.iterate({ query: OPEN });
  await second.next();
  await assert.rejects(all.iterate({ query: OPEN }).next(), (errors) => errors[0].extensions.code === 'RATE_LIMITED');
  await second.return();
  await watched.return();
  await all.dispose();
});

/** The code with which the server closes after `said`. */
async function closed(protocol, ...said) {
  const socket = new WebSocket(address, protocol);
  socket.on('error', () => {});
  await once(socket, 'open');
  for (const message of said) socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message));
  const [code] = await once(socket, 'close');
  return code;
}

test('each breach of the protocol is closed with the code that the client knows', async () => {
  const ours = 'graphql-transport-ws';
  const init = { type: 'connection_init' };
  const subscribe = { type: 'subscribe', id: '1', payload: { query: OPEN } };
  const cases = [
    [CloseCode.ConnectionInitialisationTimeout, ours],
    [CloseCode.Unauthorized, ours, subscribe],
    [CloseCode.TooManyInitialisationRequests, ours, init, init],
    [CloseCode.SubscriberAlreadyExists, ours, init, subscribe, subscribe],
    [CloseCode.BadRequest, ours, init, '{'],
    [CloseCode.BadRequest, ours, init, { type: 'start' }],
    [CloseCode.BadRequest, ours, init, Buffer.from('{"type":"ping"}')],
    [1009, ours, init, 'x'.repeat((256 << 10) + 1)],
    [CloseCode.SubprotocolNotAcceptable, 'graphql-ws', init],
  ];
  for (const [code, protocol, ...said] of cases) assert.equal(await closed(protocol, ...said), code, JSON.stringify(said).slice(0, 200));
});

test('the client is told of a close that it must not try again after', async () => {
  const all = client({ retryAttempts: 3, connectionParams: {}, webSocketImpl: class extends WebSocket {
    constructor(url) {
      super(url, 'graphql-ws');
    }
  } });
  await assert.rejects(all.iterate({ query: OPEN }).next(), (close) => close.code === CloseCode.SubprotocolNotAcceptable);
  await all.dispose();
});

test('a stop closes with a code after which the client connects again', async () => {
  const all = client();
  const codes = [];
  all.on('closed', (event) => codes.push(event.code));
  const watched = all.iterate({ query: OPEN });
  await watched.next();
  child.kill('SIGTERM');
  await assert.rejects(watched.next());
  assert.equal(codes[0], 1001);
  await once(child, 'exit');
});
