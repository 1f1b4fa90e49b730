import { randomBytes } from 'node:crypto';
import { QueryRunnerAlreadyReleasedError } from 'typeorm';
import { asUnavailable } from '#libs/database/unavailable.js';
import { Cipher } from './cipher.js';

describe('A failed call of the database', () => {
  it.each([
    ['the connection was given up between two statements', new QueryRunnerAlreadyReleasedError()],
    ['the connection broke', new Error('Connection terminated unexpectedly')],
    ['nobody listens', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['the server is about to stop', Object.assign(new Error('x'), { code: '57P01' })],
    ['the server takes no changes', Object.assign(new Error('x'), { code: '25006' })],
  ])('is one that can be made later when %s', (_, error) => {
    expect(asUnavailable(error)).toMatchObject({
      kind: 'unavailable',
      details: { retryAfterSeconds: 5 },
      cause: error,
    });
  });

  it('is what it is when it is about the call itself', () => {
    for (const code of ['23505', '22012', undefined]) {
      const error = Object.assign(new Error('x'), { code });
      expect(asUnavailable(error)).toBe(error);
    }
  });
});

describe('A sealed value', () => {
  const cipher = new Cipher(randomBytes(32));

  it('opens with the same key and context, and differs each time', () => {
    const sealed = cipher.seal('geheim ☃', 'here');
    expect(cipher.open(sealed, 'here')).toBe('geheim ☃');
    expect(sealed).not.toContain('geheim');
    expect(cipher.seal('geheim ☃', 'here')).not.toBe(sealed);
  });

  it('does not open elsewhere, with another key, or when it was changed', () => {
    const sealed = cipher.seal('geheim', 'here');
    expect(() => cipher.open(sealed, 'there')).toThrow();
    expect(() => new Cipher(randomBytes(32)).open(sealed, 'here')).toThrow();
    const flipped = sealed.slice(0, -2) + (sealed.at(-2) === 'A' ? 'B' : 'A') + sealed.slice(-1);
    expect(() => cipher.open(flipped, 'here')).toThrow();
    expect(() => cipher.open('geheim', 'here')).toThrow();
  });
});
