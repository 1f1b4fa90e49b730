import { type FastifyReply, type FastifyRequest } from 'fastify';

/**
 * Calls `work` once, when an answer is complete or its client has disconnected.
 * @returns a function that calls it earlier
 */
export function whenOver({ socket }: FastifyRequest, { raw }: FastifyReply, work: () => void): () => void {
  let isDone = false;
  const finish = () => {
    raw.off('close', finish);
    socket.off('close', finish);
    if (!isDone) work();
    isDone = true;
  };
  // A response that waits behind others on its connection may never emit `close`, even when the connection closes.
  raw.once('close', finish);
  socket.once('close', finish);
  // Closed already: no event will follow.
  if (raw.destroyed || socket.destroyed) finish();
  return finish;
}
