import { type ApiClient } from './api-client.js';
import { type TestApp } from './test-app.js';

/** An event as the table has it. */
export interface StoredEvent {
  stream: string;
  type: string;
  version: number;
  data: Record<string, unknown>;
}

/** Returns the events of an organization's queues, oldest first. */
export function queueEvents({ database }: TestApp, { organizationId }: ApiClient): Promise<StoredEvent[]> {
  return database.sql<StoredEvent>(
    `SELECT stream, type, version, data FROM events
     WHERE organization_id = $1 AND stream LIKE 'queue-%' ORDER BY position`,
    [organizationId],
  );
}
