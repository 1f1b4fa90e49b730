import http from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { BlockedAddress, type SsrfGuard } from './ssrf-guard.js';

const CONNECT_MS = 5_000;
/** Maximum idle time of a connection: most receivers keep idle connections a little longer. */
const KEEP_ALIVE_MS = 4_000;
/** Time for one of several addresses before the next is tried as well. */
const ADDRESS_MS = 1_000;

/** Reports a receiver that cannot be reached in time. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
  constructor() {
    super(`No connection within ${CONNECT_MS / 1000} s`);
  }
}

/** Connections to receivers, only to allowed addresses. Each connection looks up the name again. */
export class Connections {
  readonly #kept: Agents;
  readonly #fresh: Agents;

  constructor(targets: SsrfGuard) {
    this.#kept = agentsOf(targets, true);
    this.#fresh = agentsOf(targets, false);
  }

  /** @param fresh makes a new connection, which is not kept */
  agentFor({ protocol }: URL, fresh: boolean): http.Agent {
    const { http, https } = fresh ? this.#fresh : this.#kept;
    return protocol === 'https:' ? https : http;
  }

  /** Breaks all connections. */
  destroy(): void {
    for (const { http, https } of [this.#kept, this.#fresh]) {
      http.destroy();
      https.destroy();
    }
  }
}

interface Agents {
  http: http.Agent;
  https: https.Agent;
}

function agentsOf(targets: SsrfGuard, keepAlive: boolean): Agents {
  const options = {
    keepAlive,
    timeout: KEEP_ALIVE_MS,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: ADDRESS_MS,
  };
  return {
    http: guarded(new http.Agent(options), targets, 'connect'),
    https: guarded(new https.Agent(options), targets, 'secureConnect'),
  };
}

/** Returns a host unless it is an address. */
function nameOf(host: string | null | undefined): string | undefined {
  return host && isIP(host) === 0 ? host : undefined;
}

/**
 * Restricts an agent's connections to allowed addresses, and returns them once data can be sent: errors of TLS come
 * before.
 * @param ready the event that announces this
 */
function guarded<A extends http.Agent>(agent: A, targets: SsrfGuard, ready: 'connect' | 'secureConnect'): A {
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options: https.RequestOptions & { port: number }, callback) => {
    const { port } = options;
    // Names in TLS (RFC 6066, section 3) and in certificates have no final dot.
    const servername = options.servername?.replace(/\.$/, '');
    const guarding = { ...options, servername, lookup: targets.lookup(port) };
    const socket = connect(guarding) as Socket;
    const timer = setTimeout(() => socket.destroy(new ConnectTimeout()), CONNECT_MS);
    const settle = (error: Error | null) => {
      clearTimeout(timer);
      callback?.(error, socket);
    };
    socket
      .once('connect', () => {
        const { remoteAddress } = socket;
        const fault = remoteAddress && targets.faultOfAddress(remoteAddress, port, nameOf(options.host));
        if (fault) socket.destroy(new BlockedAddress(fault));
      })
      .once(ready, () => {
        settle(null);
      })
      // Also between two requests, when no other listener for errors exists.
      .on('error', settle);
    return undefined;
  };
  return agent;
}
