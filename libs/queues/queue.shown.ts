import { type RowFacts } from '#libs/event-store/entity-row.js';
import { type Queue } from './queue.rules.js';
import { type QueueOutput } from './queues.dto.js';

/** Returns a queue as the API shows it: without its members. */
export function shownQueue({ id, settings }: Queue, { organizationId }: Pick<RowFacts, 'organizationId'>): QueueOutput {
  const { offerAlgorithm, ...others } = settings;
  return {
    id,
    ...others,
    organizationId,
    slaCalculationMethod: 'AbandonedIgnored',
    ...(offerAlgorithm && { offeringAlgorithm: offerAlgorithm }),
    memberListType: 'Default',
    usages: { queueId: id, usages: {} },
  };
}
