import { unionSchema } from '#libs/platform/http/nested-fields.js';
import { CONVERSATIONS } from './conversation-outputs.dto.js';

/** How the API's document shows a conversation. */
export const conversationSchema = unionSchema(CONVERSATIONS);
