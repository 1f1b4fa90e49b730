import { waitFor } from '#libs/testing/wait-for.js';
import { REFUSE, type ScriptedReceiver } from './scripted-receiver.js';
import { type TestApp } from './test-app.js';

/**
 * Waits until the worker has looked for retries, by a retry of its own: earlier due retries have been handled by then.
 */
export async function nextRetries(app: TestApp, receiver: ScriptedReceiver): Promise<void> {
  const api = await app.createTestOrganization();
  const path = `/${api.organizationId}`;
  receiver.behave(path, () => REFUSE);
  const { id } = await api.subscribe(receiver.url(path), ['TagCreated']);
  await api.createTag('VIP');
  await waitFor('a retry', () => receiver.of(id).length > 1);
}
