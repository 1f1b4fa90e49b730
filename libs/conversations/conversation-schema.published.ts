import { unionSchema } from '#libs/http/nested-fields.js';
import { CONVERSATIONS } from './conversation-outputs.dto.js';

/** How the API's document shows a conversation. */
export const conversationSchema = unionSchema(CONVERSATIONS);
