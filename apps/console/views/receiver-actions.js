import { change } from '../api.js';
import { confirm } from '../confirm.js';
import { button, el, field, select } from '../dom.js';
import { notice } from '../section.js';
import { answerOf } from './receiver-state.js';

const DAY_MS = 86_400_000;

/** Returns an instant as `datetime-local` shows it: the reader's time, to the minute. */
function localTime(instant) {
  const shifted = new Date(instant.getTime() - instant.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The actions on a receiver. `run` returns the message for the user. */
const ACTIONS = [
  {
    label: 'Test',
    text: 'Sends one example event to the receiver at once. Nothing is stored.',
    fields: ({ subscribedEvents }) => {
      const events = subscribedEvents.length > 0 ? subscribedEvents : ['TagCreated'];
      const control = select(
        events.map((event) => [event, event]),
        events[0],
        () => undefined,
      );
      control.name = 'event';
      return [field('Event', control)];
    },
    run: async ({ id }, { event }) => {
      const result = await change('POST', `/v1/webhooks/${id}/test`, { event });
      return `Test ${result.success ? 'succeeded' : 'failed'} after ${result.durationMs} ms: ${answerOf(result)}`;
    },
  },
  {
    label: 'Recover…',
    title: 'Recover',
    text: 'Delivers the events of a period again, in the background.',
    fields: () => [
      field(
        'Since',
        el('input', {
          type: 'datetime-local',
          name: 'since',
          required: true,
          value: localTime(new Date(Date.now() - DAY_MS)),
        }),
      ),
      field('Also events that were delivered', el('input', { type: 'checkbox', name: 'all' })),
    ],
    run: async ({ id }, { since, all }) => {
      const body = { since: new Date(since).toISOString(), onlyMissing: !all };
      await change('POST', `/v1/webhooks/${id}/recover`, body);
      return 'The recovery has begun. Its progress is below.';
    },
  },
  {
    label: 'Rotate secret…',
    title: 'Rotate the secret',
    text: 'Deliveries are signed with a new key at once, and also with the current key until the overlap ends.',
    fields: () => [
      field(
        'Overlap in hours',
        el('input', { type: 'number', name: 'hours', min: '0', step: '1', value: '24', required: true }),
      ),
    ],
    run: async ({ id }, { hours }) => {
      const { secretKey } = await change('POST', `/v1/webhooks/${id}/rotate-secret`, { overlapHours: Number(hours) });
      return ['The new key is ', el('code', {}, secretKey)];
    },
  },
  {
    label: 'Enable',
    when: ({ enabled }) => !enabled,
    text: 'Waiting deliveries are sent, and new events are delivered again.',
    run: async ({ id }) => {
      await change('PATCH', `/v1/webhooks/${id}`, { enabled: true });
      return 'The receiver is enabled.';
    },
  },
  {
    label: 'Disable',
    when: ({ enabled }) => enabled,
    text: 'Nothing is sent until the receiver is enabled again.',
    run: async ({ id }) => {
      await change('PATCH', `/v1/webhooks/${id}`, { enabled: false });
      return 'The receiver is disabled.';
    },
  },
];

/** Returns the buttons for a receiver. @param done called with the result of an action */
export function receiverActions(subscription, done) {
  const possible = ACTIONS.filter(({ when = () => true }) => when(subscription));
  const buttons = possible.map((action) => button(action.label, () => act(action, subscription, done)));
  return el('div', { class: 'buttons', role: 'group', 'aria-label': 'Actions' }, buttons);
}

/** Asks for confirmation, runs the action, and shows the result. */
async function act({ label, title = label, text, fields = () => [], run }, subscription, done) {
  const asked = { title: `${title}: ${subscription.name}`, text, action: title, fields: fields(subscription) };
  const values = await confirm(asked);
  if (!values) return;
  try {
    done(...[await run(subscription, values)].flat());
  } catch (error) {
    done(notice(error));
  }
}
