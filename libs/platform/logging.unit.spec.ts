import { hostname } from 'node:os';
import { asUnavailable } from '#libs/database/unavailable.js';
import { keepLines } from '#libs/testing/log-lines.js';
import { createLogger, nestLogger } from './logging.js';
import { StartupError } from './startup-error.js';

/** Returns the fields of a logged line. */
function logged(fields: object, message?: string): Record<string, any> {
  const logger = createLogger('info', 'api');
  const lines = keepLines(logger);
  logger.warn(fields, message);
  return lines[0] as Record<string, any>;
}

describe('A line of the log', () => {
  it('holds no secrets, at whatever depth of what is logged', () => {
    const line = logged({ id: 'a', token: 's', receiver: { secretKey: 's', deep: { authorization: 's', other: 1 } } });
    expect(line).toMatchObject({
      id: 'a',
      token: '[Redacted]',
      receiver: { secretKey: '[Redacted]', deep: { authorization: '[Redacted]', other: 1 } },
    });
  });

  it('tells of an error of the database without the rows that it quotes', () => {
    const err = Object.assign(new Error('duplicate key'), {
      code: '23505',
      detail: 'Key (email)=(a@b.c) exists',
      where: 'x',
    });
    const line = logged({ err }, 'Failed');
    expect(line).toMatchObject({
      msg: 'Failed',
      err: { message: 'duplicate key', code: '23505', detail: '[Redacted]' },
    });
    expect(JSON.stringify(line)).not.toContain('a@b.c');
    expect(line.err.stack).toContain('logging.unit.spec');
  });

  it('tells of an error of Redis without the command that it quotes', () => {
    const command = { name: 'eval', args: ['return redis.call("incr")', 'a@b.c'] };
    const line = logged({ err: Object.assign(new Error('READONLY'), { command, previousErrors: [{ command }] }) });
    expect(line.err).toMatchObject({ message: 'READONLY', command: '[Redacted]' });
    expect(JSON.stringify(line)).not.toMatch(/a@b\.c|redis\.call/);
  });

  it.each([
    ['a text', 'x'.repeat(100_000)],
    ['an error', Object.assign(new Error('x'.repeat(100_000)), { input: 'y'.repeat(100_000) })],
    ['a list', Array.from({ length: 100_000 }, (_, i) => i)],
    ['an object', Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`field ${i}`, { i }]))],
    ['bytes', Buffer.alloc(100_000)],
    ['many of all', Array.from({ length: 100 }, () => ({ text: 'x'.repeat(1_000), list: ['y'.repeat(1_000)] }))],
  ])('is at most some kilobytes long, and keeps the ids, when it is given %s', (_, value) => {
    const line = logged({ value, requestId: 'the-id' }, 'Failed');
    expect(line).toMatchObject({ requestId: 'the-id', msg: 'Failed' });
    expect(JSON.stringify(line).length).toBeLessThan(8_000);
  });

  it('tells why there is no database just now, which callers need not know', () => {
    const timeout = Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
    const line = logged({ err: asUnavailable(timeout) }, 'Relay failed');
    expect(line.err).toMatchObject({ message: 'canceling statement due to statement timeout', code: '57014' });
    expect(JSON.stringify(line)).not.toContain('cannot be reached');
  });

  it('tells which process wrote it, and its level by name', () => {
    expect(logged({})).toMatchObject({ level: 'warn', role: 'api', host: hostname(), pid: process.pid });
  });

  it('tells the class of an error, also through the log of Nest, and of its cause', () => {
    const err = new StartupError('No key', { cause: new RangeError('too long') });
    expect(logged({ err }).err).toMatchObject({ type: 'StartupError', message: 'No key: too long' });
    const logger = createLogger('info', 'worker');
    const ofNest = nestLogger(logger);
    const lines = keepLines(logger);
    ofNest.warn({ err, id: 1 }, 'Failed');
    expect(lines).toEqual([expect.objectContaining({ err: expect.objectContaining({ type: 'StartupError' }), id: 1 })]);
  });

  it('leaves what is logged as it is', () => {
    const fields = { token: 's', receiver: { secretKey: 's' } };
    logged(fields);
    expect(fields).toEqual({ token: 's', receiver: { secretKey: 's' } });
  });
});
