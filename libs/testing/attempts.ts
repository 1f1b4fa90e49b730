import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type ClientRequest } from 'node:http';
import { type Socket } from 'node:net';
import { type TlsOptions } from 'node:tls';
import { type AttemptResult, Sender } from '#libs/webhooks/delivery/sending/attempt.js';
import { type AttemptRequest } from '#libs/webhooks/delivery/sending/post.js';
import { SsrfGuard } from '#libs/webhooks/delivery/sending/ssrf-guard.js';
import { type WebhookOptions } from '#libs/webhooks/webhooks.settings.js';
import { type DnsServer, startDnsServer } from './dns-server.js';
import { type Behaviour, type FaultyReceiver, startFaultyReceiver } from './faulty-receiver.js';
import { waitFor } from './wait-for.js';

/** Default deadline of an attempt: attempts that end before have ended by themselves. */
export const TIMEOUT_MS = 60_000;
/** Deadline for tests that wait for it. */
export const DEADLINE_MS = 1_500;
export const KB = 1024;
/** The name server of senders. */
export let dns: DnsServer;
/** The sender's ends of all connections of a test. */
export const sockets: Socket[] = [];
const closing: (() => unknown)[] = [];

/** Prepares a test file of attempts: starts a name server, and closes what a test has opened after it. */
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

/** Returns options that by default allow local receivers. */
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

/** Makes one attempt at a receiver with this behaviour. */
export async function attempt(behaviour: Behaviour, options: Partial<WebhookOptions> = {}): Promise<AttemptResult> {
  const { port } = await receiver(behaviour);
  return sender(options).send(to(`http://127.0.0.1:${port}/hook`));
}

/** Returns the most bytes that were read from a connection. */
export function bytesRead(): number {
  return Math.max(0, ...sockets.map((socket) => socket.bytesRead));
}

export async function expectHungUp(): Promise<void> {
  await waitFor('the connection is broken', () => sockets.every((socket) => socket.destroyed));
}
