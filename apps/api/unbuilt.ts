/** Paths of the hosted API that are not built yet, where something else would take their last part for an id. */
export const UNBUILT = [
  '/v1/conversations/activitylog',
  '/v1/conversations/flows',
  '/v1/conversations/import',
  '/v1/conversations/:conversationId/tags/bulk',
];
