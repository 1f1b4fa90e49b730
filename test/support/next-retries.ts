import { waitFor } from '#libs/testing/wait-for.js';
import { REFUSE, type ScriptedReceiver } from './scripted-receiver.js';
import { type TestApp } from './test-app.js';

/** Waits until retries have been looked for, by one of its own: what was due before and may be sent has been, too. */
export async function nextRetries(app: TestApp, receiver: ScriptedReceiver): Promise<void> {
  const api = await app.createTestOrganization();
  const path = `/${api.organizationId}`;
  receiver.behave(path, () => REFUSE);
  const { id } = await api.subscribe(receiver.url(path), ['TagCreated']);
  await api.createTag('VIP');
  await waitFor('a retry', () => receiver.of(id).length > 1);
}
