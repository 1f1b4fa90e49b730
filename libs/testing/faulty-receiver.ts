import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** Handles a whole request. */
export type Behaviour = (socket: Socket, request: string) => void;

/** A server on bare sockets, which speaks HTTP as badly as it is told. */
export interface FaultyReceiver {
  port: number;
  /** Whole requests as received, heads and bodies. */
  requests: string[];
  /** Returns the number of connections ever opened to it. */
  connections: () => number;
  /** Returns the number of open ones. */
  open: () => number;
  close(): Promise<void>;
}

/** @param tls options to speak TLS with; plain HTTP when absent */
export async function startFaultyReceiver(behaviour: Behaviour, tls?: TlsOptions): Promise<FaultyReceiver> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const serve = (socket: Socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!isWhole(text)) return;
      requests.push(text);
      behaviour(socket, text);
      text = '';
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createServer(serve);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    connections: () => connections,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Sends a whole response. */
export function answering(status: string, headers: Record<string, string> = {}, body = ''): Behaviour {
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  return (socket) => {
    socket.write(`HTTP/1.1 ${status}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
  };
}

/** Sends a beginning, and then the same piece without end, as fast as it is taken or at an interval. */
export function endlessly(beginning: string, piece: string | Buffer, everyMs?: number): Behaviour {
  return (socket) => {
    socket.write(beginning);
    if (everyMs !== undefined) {
      const rhythm = setInterval(() => socket.write(piece), everyMs);
      socket.on('close', () => {
        clearInterval(rhythm);
      });
      return;
    }
    const flood = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', flood);
    flood();
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /content-length: (\d+)/i.exec(text)?.[1] ?? 0;
  return Buffer.byteLength(text.slice(end + 4)) >= Number(length);
}
