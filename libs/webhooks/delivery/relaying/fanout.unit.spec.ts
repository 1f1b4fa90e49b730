import { type FeedEvent } from '#libs/event-store/event.js';
import { type Candidates, firstOf } from './fanout.js';

const event = (position: number, type = 'TagCreated', organizationId = 'busy') =>
  ({ position, type, organizationId }) as FeedEvent;
const EVENTS = [event(1), event(2, 'TagDeleted'), event(3), event(4)];

/** Returns a number of subscriptions of the busy organization, from a position on. */
const subscribed = (count: number, since = 0) =>
  new Map([
    ['busy', Array.from({ length: count }, () => ({ events: ['TagCreated'], since }))],
  ]) as unknown as Candidates;

describe('The events of a page', () => {
  it.each([
    [1, 3, [1]],
    [3, 3, [1]],
    [4, 3, [1, 2, 3]],
    [100, 3, [1, 2, 3, 4]],
    [1, 5_000, [1]],
    [1, 0, [1, 2, 3, 4]],
  ])('that make %i deliveries for %i subscriptions are the first ones', (deliveries, subscriptions, positions) => {
    const first = firstOf(EVENTS, subscribed(subscriptions), deliveries);
    expect(first.map(({ position }) => position)).toEqual(positions);
  });

  it('are counted for those alone who had subscribed before, in the same organization', () => {
    expect(firstOf(EVENTS, subscribed(3, 3), 1)).toEqual(EVENTS);
    expect(firstOf([event(1, 'TagCreated', 'other'), ...EVENTS], subscribed(3), 1)).toHaveLength(2);
  });
});
