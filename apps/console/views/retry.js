import { change } from '../api.js';
import { confirm } from '../confirm.js';
import { button } from '../dom.js';
import { notice } from '../section.js';

const CONSEQUENCE = {
  pending: 'The delivery is sent at once instead of at its scheduled time.',
  delivered: 'The receiver has accepted the delivery already, and will get it again.',
};

/** Returns the button that sends a delivery again. @param done called with the result */
export function retryButton(subscriptionId, { id, event, state }, done) {
  const retry = async () => {
    const text = CONSEQUENCE[state] ?? 'The delivery becomes pending again and is sent at once.';
    if (!(await confirm({ title: `Retry ${event}`, text, action: 'Retry' }))) return;
    try {
      await change('POST', `/v1/webhooks/${subscriptionId}/deliveries/${id}/retry`);
      done(`The delivery of ${event} is pending again.`);
    } catch (error) {
      done(notice(error));
    }
  };
  return button('Retry', retry, { 'aria-label': `Retry ${event} ${id}` });
}
