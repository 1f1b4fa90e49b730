import { randomUUIDv7 } from 'node:crypto';
import { serveCalls } from '../calls.mjs';
import { clock } from '../clock.mjs';
import { openLoop } from '../open-loop.mjs';
import { Sender } from './sender.mjs';

const { sample, urls, concurrency } = JSON.parse(process.env.SETTING);
const sender = new Sender(sample);

/** Posts this number of events to each receiver, as fast as possible. */
async function drain(events) {
  let [next, total] = [0, events * urls.length];
  const loop = async () => {
    while (next < total) await post(urls[next++ % urls.length], randomUUIDv7());
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
}

/** Posts events at a constant rate, and returns when each was started. */
async function stream(perSecond, seconds) {
  const begun = await openLoop(perSecond, seconds, async () => {
    const id = randomUUIDv7();
    const at = clock();
    await Promise.all(urls.map((url) => post(url, id)));
    return [id, at];
  });
  return Object.fromEntries(begun);
}

function post(url, id) {
  return sender.post(url, id, sender.body(id));
}

serveCalls({ drain, stream });
