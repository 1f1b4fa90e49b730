export { connect, type Connection } from './connect.js';
export { ApiError, items } from './items.js';
export { InvalidSignature, verifyWebhook, type WebhookEvent } from './webhooks.js';
export * from './generated/index.js';
