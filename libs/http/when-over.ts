import { type FastifyReply, type FastifyRequest } from 'fastify';

/**
 * Does something once, when an answer is over or its client is gone.
 * @returns what does it earlier
 */
export function whenOver({ socket }: FastifyRequest, { raw }: FastifyReply, work: () => void): () => void {
  let isDone = false;
  const finish = () => {
    raw.off('close', finish);
    socket.off('close', finish);
    if (!isDone) work();
    isDone = true;
  };
  // An answer that others are before on the same connection may never be closed, even when the connection is.
  raw.once('close', finish);
  socket.once('close', finish);
  // Gone already: nothing will tell of that any more.
  if (raw.destroyed || socket.destroyed) finish();
  return finish;
}
