import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#libs/embedded-postgres/embedded-postgres.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { launch } from './support/launch.js';
import { signedHeaders } from './support/signed-headers.js';

const SECRET = randomBytes(32).toString('hex');
const OTHER = randomBytes(32).toString('hex');
const BODY = '{"event_id":"e1","event_fqn":"TAG_CREATED","data":{"tag":{"name":"Größe ☃"}}}';
const ago = (ms: number) => new Date(Date.now() - ms);

interface Case {
  headers: Record<string, string>;
  body: string;
  secretKey: string;
  genuine: boolean;
}

const signed = (keys: string[], body = BODY, sentAt = new Date()) => signedHeaders(keys, 'e1', body, sentAt);
const sent = (headers: Record<string, string>, genuine: boolean): Case => ({
  headers,
  body: BODY,
  secretKey: SECRET,
  genuine,
});

const CASES: Record<string, Case> = {
  'what was signed with the key': sent(signed([SECRET]), true),
  'the new key first, while both sign': sent(signed([SECRET, OTHER]), true),
  'the new key last, while both sign': sent(signed([OTHER, SECRET]), true),
  'what was sent four minutes ago': sent(signed([SECRET], BODY, ago(240_000)), true),
  'what was sent six minutes ago': sent(signed([SECRET], BODY, ago(360_000)), false),
  'what will be sent in six minutes': sent(signed([SECRET], BODY, ago(-360_000)), false),
  'another key': sent(signed([OTHER]), false),
  'another body': sent(signed([SECRET], `${BODY} `), false),
  'no headers': sent({}, false),
  'no signature': sent({ ...signed([SECRET]), 'webhook-signature': '', 'x-dixa-signature': `t=${Date.now()}` }, false),
  'another time': sent(
    {
      ...signed([SECRET]),
      'webhook-timestamp': String(Math.floor(Date.now() / 1000) + 60),
      'x-dixa-signature': signed([SECRET])['x-dixa-signature'].replace(/t=\d+/, `t=${Date.now() + 60_000}`),
    },
    false,
  ),
  'no time': sent({ ...signed([SECRET]), 'webhook-timestamp': 'nan', 'x-dixa-signature': 't=,v1=00' }, false),
};

const CHECK_TS = `
import { readFileSync } from 'node:fs';
import { faultOfDixaSignature, faultOfSignature } from './verify.ts';
const cases = JSON.parse(readFileSync('cases.json', 'utf8'));
const verdict = ({ headers, body, secretKey }) =>
  [faultOfSignature, faultOfDixaSignature].map((faultOf) => faultOf(headers, Buffer.from(body), secretKey) === undefined);
console.log(JSON.stringify(cases.map(verdict)));`;

const CHECK_PY = `
import json
from verify import is_genuine, is_genuine_by_dixa_signature
schemes = [is_genuine, is_genuine_by_dixa_signature]
cases = json.load(open("cases.json"))
print(json.dumps([[scheme(c["headers"], c["body"].encode(), c["secretKey"]) for scheme in schemes] for c in cases]))`;

const python = ['python3', 'python'].find((name) => {
  try {
    return execFileSync(name, ['-c', 'import sys; print(sys.version_info >= (3, 9))']).toString().trim() === 'True';
  } catch {
    return false;
  }
});

/** In each language, where there is one: its program, what checks `verify`, and the receiver. */
const LANGUAGES = [
  { language: 'TypeScript', program: process.execPath, check: 'check.ts', receiver: 'receiver.ts' },
  ...(python ? [{ language: 'Python', program: python, check: 'check.py', receiver: 'receiver.py' }] : []),
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deskstream-docs-'));
  const text = await readFile('docs/webhooks.md', 'utf8');
  const files: Record<string, string> = {
    'package.json': '{"type":"module"}',
    'check.ts': CHECK_TS,
    'check.py': CHECK_PY,
  };
  for (const [, name, code] of text.matchAll(/^```\w+ (\w+\.\w+)\n([^]*?)^```$/gm))
    files[name as string] = code as string;
  files['cases.json'] = JSON.stringify(Object.values(CASES));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
});
afterAll(() => rm(folder, { recursive: true }));

describe('The code in docs/webhooks.md', () => {
  it('is what the listening receiver verifies with', async () => {
    expect(await readFile(join(folder, 'verify.ts'), 'utf8')).toBe(
      await readFile('apps/webhook-listen/verify.ts', 'utf8'),
    );
  });

  it.each(LANGUAGES)('tells in $language, by either scheme, what is genuine', ({ program, check }) => {
    const verdicts = JSON.parse(execFileSync(program, [check], { cwd: folder }).toString()) as boolean[][];
    const told = Object.keys(CASES).map((name, i) => [name, verdicts[i]]);
    expect(told).toEqual(Object.entries(CASES).map(([name, { genuine }]) => [name, [genuine, genuine]]));
  });

  it.each(LANGUAGES)('receives in $language: refuses forgeries, and handles a repetition once', async (language) => {
    const port = await freePort();
    const env = { SECRET_KEY: SECRET, PORT: String(port) };
    const receiver = launch([join(folder, language.receiver)], env, language.program);
    const send = async (headers: Record<string, string>, body = BODY) =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body })).status;
    try {
      await waitFor('the receiver', () => send({}).catch(() => receiver.process.exitCode));
      expect(await send(signed([OTHER]))).toBe(401);
      expect(await send(signed([SECRET]))).toBe(204);
      expect(await send(signed([OTHER, SECRET]))).toBe(204);
      const another = BODY.replace('e1', 'e2');
      expect(await send(signed([SECRET], another), another)).toBe(204);
      await receiver.told(/handling TAG_CREATED e2/);
      expect(receiver.output().match(/handling TAG_CREATED e1/g)).toHaveLength(1);
    } finally {
      await receiver.end('SIGKILL');
    }
  });

  it.each(LANGUAGES)('does not verify in $language with a key that is none', ({ program, check }) => {
    const script = check.endsWith('.py')
      ? 'from verify import is_genuine; is_genuine({}, b"", "")'
      : `import('./verify.ts').then(({ faultOfSignature }) => faultOfSignature({ 'webhook-id': 'a', 'webhook-signature': 'v1,', 'webhook-timestamp': String(Date.now() / 1000) }, Buffer.from(''), 'no hex'))`;
    const run = () =>
      execFileSync(program, [check.endsWith('.py') ? '-c' : '-e', script], { cwd: folder, stdio: 'pipe' });
    expect(run).toThrow(/The secret key must be 32 bytes in hex/);
  });
});
