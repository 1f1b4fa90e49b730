import { once } from 'node:events';
import { createServer } from 'node:net';
import { serveCalls } from '../calls.mjs';

/** Accepts connections and never answers. */
async function listen() {
  const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

serveCalls({ listen });
