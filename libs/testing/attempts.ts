import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ClientRequest } from 'node:http';
import { type Socket } from 'node:net';
import { type TlsOptions } from 'node:tls';
import { type AttemptResult, Sender } from '#libs/webhooks/delivery/sending/attempt.js';
import { type AttemptRequest } from '#libs/webhooks/delivery/sending/post.js';
import { SsrfGuard } from '#libs/webhooks/delivery/sending/ssrf-guard.js';
import { type WebhookOptions } from '#libs/webhooks/options.js';
import { type DnsServer, startDnsServer } from './dns-server.js';
import { type Behaviour, type FaultyReceiver, startFaultyReceiver } from './faulty-receiver.js';
import { waitFor } from './wait-for.js';

/** The deadline of an attempt, unless a test says another: what ends before it has ended by itself. */
export const TIMEOUT_MS = 60_000;
/** The deadline where a test waits for it. */
export const DEADLINE_MS = 1_500;
export const KB = 1024;
/** Senders look up names here. */
export let dns: DnsServer;
/** The sender's ends of all connections of a test. */
export const sockets: Socket[] = [];
const closing: (() => unknown)[] = [];

/** For a test file of attempts: a name server for all of them; what a test has opened is closed after it. */
export function prepareAttempts(): void {
  const onRequest = (message: unknown) => {
    const { request } = message as { request: ClientRequest };
    request.once('socket', (socket) => {
      if (!sockets.includes(socket)) sockets.push(socket);
    });
  };
  beforeAll(async () => {
    dns = await startDnsServer();
    subscribe('http.client.request.created', onRequest);
  });
  afterAll(async () => {
    unsubscribe('http.client.request.created', onRequest);
    await dns.close();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    sockets.length = 0;
  });
}

export function closeAfterwards(close: () => unknown): void {
  closing.push(close);
}

/** Receivers on this machine are allowed unless told otherwise. */
export function optionsOf(options: Partial<WebhookOptions>): WebhookOptions {
  return {
    timeoutMs: TIMEOUT_MS,
    retrySchedule: [],
    allowedNetworks: ['127.0.0.0/8', '::1/128'],
    allowedPorts: [443],
    dnsServers: [dns.address],
    retentionDays: 1,
    deliveryRetentionDays: 1,
    ...options,
  };
}

export function sender(options: Partial<WebhookOptions> = {}): Sender {
  const all = optionsOf(options);
  const made = new Sender(new SsrfGuard(all), all);
  closeAfterwards(() => {
    made.onApplicationShutdown();
  });
  return made;
}

export async function receiver(behaviour: Behaviour, tls?: TlsOptions): Promise<FaultyReceiver> {
  const started = await startFaultyReceiver(behaviour, tls);
  closeAfterwards(() => started.close());
  return started;
}

export function to(url: string, body = '{"a":1}'): AttemptRequest {
  return { url, headers: { 'accept-encoding': 'identity' }, body };
}

/** One attempt at a receiver that behaves like this. */
export async function attempt(behaviour: Behaviour, options: Partial<WebhookOptions> = {}): Promise<AttemptResult> {
  const { port } = await receiver(behaviour);
  return sender(options).send(to(`http://127.0.0.1:${port}/hook`));
}

/** The most that was read from any connection. */
export function bytesRead(): number {
  return Math.max(0, ...sockets.map((socket) => socket.bytesRead));
}

export async function expectHungUp(): Promise<void> {
  await waitFor('the connection is broken', () => sockets.every((socket) => socket.destroyed));
}
