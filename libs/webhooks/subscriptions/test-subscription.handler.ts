import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { Database } from '#libs/database/database.js';
import { Cipher } from '#libs/platform/cipher.js';
import { command } from '#libs/platform/messages.js';
import { CATALOGUE, payloadOf, type ProducedEventName } from '../catalogue/catalogue.published.js';
import { Sender } from '../delivery/sending/attempt.js';
import { deliveryRequest } from '../delivery/sending/signing.js';
import { shownAttempt, type TestResultOutput } from './subscription-outputs.dto.js';
import { SubscriptionReader } from './subscription.reader.js';
import { openSecrets } from './subscription.stream.js';

/** Sends the example of an event to a subscription at once, enabled or not, and returns the result. Stores nothing. */
export class TestSubscription extends command<
  { organizationId: string; id: string; event: ProducedEventName },
  TestResultOutput
>() {}

@CommandHandler(TestSubscription)
export class TestSubscriptionHandler implements ICommandHandler<TestSubscription> {
  constructor(
    private readonly reader: SubscriptionReader,
    private readonly database: Database,
    private readonly cipher: Cipher,
    private readonly sender: Sender,
  ) {}

  async execute({ organizationId, id, event }: TestSubscription): Promise<TestResultOutput> {
    const row = await this.reader.row(organizationId, id);
    const receiver = { url: row.url, subscriptionId: id, secrets: openSecrets(this.cipher, row) };
    const message = await this.#exampleOf(organizationId, event);
    const result = await this.sender.send(deliveryRequest(receiver, message, new Date()));
    return { ...shownAttempt(result), success: result.outcome === 'delivered' };
  }

  async #exampleOf(organizationId: string, type: ProducedEventName): Promise<{ eventId: string; body: string }> {
    const organizations = await this.database.query<{ id: string; name: string }>(organizationId, {
      text: 'SELECT organization_id AS id, name FROM organizations WHERE organization_id = $1',
      values: [organizationId],
    });
    const [organization] = organizations as [{ id: string; name: string }];
    const event = { eventId: randomUUIDv7(), type, recordedAt: new Date() };
    const { version, example } = CATALOGUE[type];
    return { eventId: event.eventId, body: payloadOf(event, organization, version, example) };
  }
}
