/** The channels of conversations. */
export const CONVERSATION_CHANNELS = [
  'Callback',
  'ContactForm',
  'Email',
  'FacebookMessenger',
  'Messenger',
  'PstnPhone',
  'Sms',
  'Twitter',
  'Voicemail',
  'WhatsApp',
  'WidgetChat',
] as const;

export type ConversationChannel = (typeof CONVERSATION_CHANNELS)[number];
