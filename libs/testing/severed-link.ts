import { connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy to a server. */
export interface Link {
  /** The server's URL by this proxy. */
  url: string;
  close(): Promise<void>;
}

/** A proxy that breaks once, in the middle of a transfer. */
export interface SeveredLink extends Link {
  /** Returns whether it has broken. */
  severed: () => boolean;
}

/** Number of connections that are dropped after a link has broken. */
const DROPPED = 3;

/**
 * Opens a proxy to the server of a URL that breaks at the n-th piece of data that clients send: it drops all
 * connections, and the next few.
 */
export async function severedLink(target: string, breaksAt: number): Promise<SeveredLink> {
  let [pieces, dropped] = [0, 0];
  const severed = () => pieces >= breaksAt;
  const link = await openLink(
    target,
    (count, sockets) => {
      pieces = count;
      if (count === breaksAt) for (const socket of sockets) socket.destroy();
    },
    () => !severed() || ++dropped > DROPPED,
  );
  return { ...link, severed };
}

/**
 * Opens a proxy to the server of a URL.
 * @param target the URL, or a function that returns that of the server for a connection
 * @param onPiece called with each piece of data that clients send, before it goes on
 * @param accepts whether a connection may be made
 */
export async function openLink(
  target: string | (() => string),
  onPiece: (count: number, sockets: Set<Socket>) => void = () => undefined,
  accepts: () => boolean = () => true,
): Promise<Link> {
  const current = typeof target === 'string' ? () => target : target;
  const sockets = new Set<Socket>();
  let pieces = 0;
  const server = createServer((client) => {
    if (!accepts()) {
      client.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(current());
    const upstream = connect(Number(port), hostname);
    const ways: [Socket, Socket][] = [
      [client, upstream],
      [upstream, client],
    ];
    for (const [from, to] of ways) {
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
      onPiece(++pieces, sockets);
      if (!upstream.destroyed) upstream.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: through(current(), server), close: () => closed(server, sockets) };
}

/** Returns a URL over TCP, even if the target has a socket: a server listens on both. */
function through(target: string, server: Server): string {
  const url = new URL(target);
  url.searchParams.delete('host');
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
