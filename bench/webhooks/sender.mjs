import { createHmac, randomBytes } from 'node:crypto';
import { Agent, request } from 'undici';

const NOT_SENT_ON = /^(host|connection|content-length):/i;

/** Posts copies of Deskstream's deliveries, byte for byte except for ids, timestamps and signatures. */
export class Sender {
  #agent = new Agent();
  #key = randomBytes(32);
  #headers;
  #aroundId;

  /** @param sample the head and the body of a delivery */
  constructor({ head, body }) {
    const lines = head.split('\r\n').slice(1);
    this.#headers = Object.fromEntries(
      lines.filter((line) => !NOT_SENT_ON.test(line)).map((line) => line.split(/: */, 2)),
    );
    this.#aroundId = body.split(JSON.parse(body).data.tag.id);
  }

  body(id) {
    return this.#aroundId.join(id);
  }

  async post(url, id, body) {
    const now = Date.now();
    const seconds = Math.floor(now / 1000);
    const headers = {
      ...this.#headers,
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${this.#sign(`${id}.${seconds}.${body}`, 'base64')}`,
      'x-dixa-signature': `t=${now},v1=${this.#sign(`${now}.${body}`, 'hex')}`,
    };
    const response = await request(url, { method: 'POST', headers, body, dispatcher: this.#agent });
    await response.body.dump();
    if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
  }

  #sign(text, encoding) {
    return createHmac('sha256', this.#key).update(text).digest(encoding);
  }
}
