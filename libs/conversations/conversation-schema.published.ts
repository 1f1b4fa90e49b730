import { unionSchema } from '#libs/http/nested-fields.js';
import { CONVERSATIONS } from './conversation-outputs.dto.js';

export { Message } from './messages.dto.js';

/** The schema of a conversation in the API's document. */
export const conversationSchema = unionSchema(CONVERSATIONS);
