import { randomBytes } from 'node:crypto';
import { EventCodec } from '#libs/event-store/event-codec.js';
import { rebuildTable } from '#libs/event-store/rebuild.js';
import { Cipher } from '#libs/platform/cipher.js';
import { counterStream } from './counter.js';

// A program: rebuilds the counters of a database until some partitions are filled, and is killed then.
const [ownerUrl, partitions] = process.argv.slice(2) as [string, string];
const codec = new EventCodec([counterStream], new Cipher(randomBytes(32)));
await rebuildTable(ownerUrl, codec, counterStream, 'counters', {
  onProgress: (progress) => {
    if (progress.partitions >= Number(partitions)) process.kill(process.pid, 'SIGKILL');
  },
});
