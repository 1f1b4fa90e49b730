import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch } from '../support/launch.js';

/** Pause between looks at the health of the servers; twice and more within the delay of a stop. */
const LOOK_MS = 250;

/** An nginx before several servers. It sends requests to those that are ready, on connections that it keeps. */
export interface Proxy {
  url: string;
  /** Waits until it sends requests to as many servers. */
  routesTo(servers: number): Promise<void>;
  close(): Promise<void>;
}

/** @param ports of the servers; one of them is ready */
export async function startProxy(ports: number[]): Promise<Proxy> {
  const folder = await mkdtemp(join(process.env.TEST_FOLDER as string, 'nginx-'));
  const [file, port] = [join(folder, 'nginx.conf'), await freePort()];
  let routed = await readyOf(ports);
  await writeFile(file, configuration(folder, port, routed));
  const nginx = launch(['-p', folder, '-c', file, '-e', 'stderr'], {}, 'nginx');
  const url = `http://127.0.0.1:${port}`;
  await waitFor('nginx to serve', () => answers(`${url}/health`), nginx.output);
  const stopping = new AbortController();
  const watching = watch();
  return {
    url,
    routesTo: async (servers) => {
      await waitFor(`nginx to know ${servers} servers`, () => routed.length === servers);
    },
    close: async () => {
      stopping.abort();
      await watching;
      await nginx.end('SIGTERM');
      await rm(folder, { recursive: true });
    },
  };

  /** Looks at the servers' health, as a load balancer does: this nginx looks at none by itself. */
  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const ready = await readyOf(ports);
      if (ready.length > 0 && ready.join() !== routed.join()) {
        await writeFile(file, configuration(folder, port, ready));
        nginx.process.kill('SIGHUP');
        routed = ready;
      }
      await pause(LOOK_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
}

async function readyOf(ports: number[]): Promise<number[]> {
  const ready = await Promise.all(ports.map((port) => answers(`http://127.0.0.1:${port}/health/ready`)));
  return ports.filter((_, index) => ready[index]);
}

function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

const configuration = (folder: string, port: number, servers: number[]) => `
  daemon off;
  pid ${folder}/pid;
  events {}
  http {
    access_log off;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ')}
    upstream api {
      ${servers.map((server) => `server 127.0.0.1:${server};`).join(' ')}
      keepalive 16;
    }
    server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://api;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        # A request that fails is a fault: another server must not hide it.
        proxy_next_upstream off;
      }
    }
  }
`;
