import { connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server that breaks once, in the middle of what goes over it. */
export interface SeveredLink {
  /** The same URL, this way. */
  url: string;
  /** Whether it has broken. */
  severed: () => boolean;
  close(): Promise<void>;
}

/** Connections that are dropped after a link has broken, before one gets through again. */
const DROPPED = 3;

/**
 * Opens a way to the server of a URL that breaks with the n-th piece of data that clients send: all connections on it do, and
 * so do the next few.
 */
export async function severedLink(target: string, breaksAt: number): Promise<SeveredLink> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let [pieces, dropped] = [0, 0];
  const severed = () => pieces >= breaksAt;
  const server = createServer((client) => {
    if (severed() && dropped < DROPPED) {
      dropped += 1;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
    }
    upstream.pipe(client);
    client.on('data', (data) => {
      pieces += 1;
      if (pieces === breaksAt) for (const socket of sockets) socket.destroy();
      else upstream.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: through(target, server), severed, close: () => closed(server, sockets) };
}

function through(target: string, server: Server): string {
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as { port: number }).port);
  return url.href;
}

function closed(server: Server, sockets: Set<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
