import { MASK } from '#libs/platform/masked.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import { webhookEventType } from '../catalogue/catalogue.published.js';

/** What operations say of {@link ShownExchange}. */
export const EXCHANGE_MASKED =
  'The payload and the receiver’s answers are `***` unless the token has the scopes for all personal data in the event: `agents:read`, `conversations:read` and `endusers:read` for conversations, `agents:read` for agents, `endusers:read` for end users.';

/** What was sent for an event, and what the receiver answered to it, as the API shows it to a token with these scopes. */
export class ShownExchange {
  readonly #isShown: boolean;

  constructor(event: string, granted: readonly Scope[]) {
    const { shows = [] } = webhookEventType(event) ?? {};
    this.#isShown = shows.every((kind) => showsPersonal(granted, kind));
  }

  payload<T extends string | null>(body: T): T | string {
    return this.#isShown || !body ? body : MASK;
  }

  /** What the receiver said may quote what was sent. @param responseCode absent when nothing came, and the words are ours */
  responseText(text: string, responseCode: number | null): string {
    return this.#isShown || responseCode === null || !text ? text : MASK;
  }
}
