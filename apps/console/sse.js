/** Maximum length of a frame. Events are smaller, since the body of a request has at most 1 MB. */
const MAX_FRAME = 4_000_000;

/**
 * Yields the frames of a stream of Server-Sent Events, as objects of its fields. EventSource would do this, but cannot
 * send a token.
 * @param body of the response
 */
export async function* frames(body) {
  let text = '';
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split('\n\n');
    text = parts.pop();
    if (text.length > MAX_FRAME) throw new Error('The response is not an event stream.');
    for (const part of parts) yield frameOf(part);
  }
}

function frameOf(part) {
  const fields = part
    .split('\n')
    .filter((line) => !line.startsWith(':'))
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]);
  return Object.fromEntries(fields);
}
