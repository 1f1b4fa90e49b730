import { request } from 'undici';
import { TOKEN } from '../servers.mjs';

const HEADERS = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

/** The API of a running server. */
export class Api {
  constructor(url) {
    this.url = url;
  }

  /** Sends a request, which must succeed, and returns the data of the answer. */
  async send(method, path, body) {
    const options = { method, headers: HEADERS, body: body && JSON.stringify(body) };
    const response = await request(this.url + path, options);
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}: ${text}`);
    return text && JSON.parse(text).data;
  }

  /** Returns the milliseconds that a request takes. */
  async time(method, path, body) {
    const begun = performance.now();
    await this.send(method, path, body);
    return performance.now() - begun;
  }

  async create(path, body) {
    return (await this.send('POST', path, body)).id;
  }
}
