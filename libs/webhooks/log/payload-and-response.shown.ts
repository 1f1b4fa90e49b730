import { MASK } from '#libs/platform/masked.js';
import { type Scope } from '#libs/platform/scopes.js';
import { showsPersonal } from '#libs/resources/scopes.js';
import { webhookEventType } from '../catalogue/catalogue.published.js';

/** Description of {@link ShownPayload} for operations. */
export const PAYLOAD_MASKED =
  'The payload and the receiver’s answers are `***` unless the token has the scopes for all personal data in the event: `agents:read`, `conversations:read` and `endusers:read` for conversations, `agents:read` for agents, `endusers:read` for end users.';

/** An event's payload and the receiver's answer, as the API shows them to a token with these scopes. */
export class ShownPayload {
  readonly #isShown: boolean;

  constructor(event: string, granted: readonly Scope[]) {
    const { shows = [] } = webhookEventType(event) ?? {};
    this.#isShown = shows.every((kind) => showsPersonal(granted, kind));
  }

  payload<T extends string | null>(body: T): T | string {
    return this.#isShown || !body ? body : MASK;
  }

  /**
   * Returns the answer, which may quote the payload. @param responseCode null when there was none, and the text is
   * Deskstream's
   */
  responseText(text: string, responseCode: number | null): string {
    return this.#isShown || responseCode === null || !text ? text : MASK;
  }
}
