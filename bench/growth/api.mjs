import { request } from 'undici';
import { TOKEN } from '../servers.mjs';

/** The API of a running server, for one organization. */
export class Api {
  #headers;

  constructor(url, token = TOKEN) {
    this.url = url;
    this.#headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }

  /** Sends a request, which must succeed, and returns the data of the answer. */
  async send(method, path, body) {
    return (await this.answer(method, path, body))?.data;
  }

  /** Sends a request, which must succeed, and returns the answer. */
  async answer(method, path, body) {
    const options = { method, headers: this.#headers, body: body && JSON.stringify(body) };
    const response = await request(this.url + path, options);
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${method} ${path} answered ${response.statusCode}: ${text}`);
    return text ? JSON.parse(text) : undefined;
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
