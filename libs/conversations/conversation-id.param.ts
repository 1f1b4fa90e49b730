import { IntegerParam } from '#libs/http/path-params.js';

/** Binds the number of the conversation that a path names. */
export const ConversationId = () => IntegerParam('conversationId', 'The conversation number.', 'Conversation');
