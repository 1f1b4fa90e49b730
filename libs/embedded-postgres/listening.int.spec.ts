import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeOldSockets, socketSetting } from './listening.js';

let cluster: string;
beforeEach(async () => {
  cluster = await mkdtemp(join(tmpdir(), 'deskstream-sockets-'));
});
afterEach(() => rm(cluster, { recursive: true }));

/** A number above that of any process. */
const NOBODY = 2 ** 22 + 1;

describe('Sockets of a cluster', () => {
  it('go when their server is dead, or its number is that of another program now', async () => {
    await leave(5001, NOBODY);
    await leave(5002, process.pid);
    await removeOldSockets(cluster);
    expect(await readdir(cluster)).toEqual([]);
  });

  it('fit as long as the path has fewer bytes than the system allows, whatever its characters', () => {
    const most = process.platform === 'darwin' ? 103 : 107;
    const folder = (bytes: number) => `/${'é'.repeat((bytes - '/'.length - '/.s.PGSQL.54321'.length) / 2)}`;
    expect(socketSetting(folder(most - (most % 2 === 0 ? 0 : 1)), 54_321)).toBe('.');
    expect(socketSetting(folder(most + 1), 54_321)).toBe('');
  });
});

async function leave(port: number, pid: number): Promise<void> {
  await writeFile(join(cluster, `.s.PGSQL.${port}`), '');
  await writeFile(join(cluster, `.s.PGSQL.${port}.lock`), `${pid}\n${cluster}\n`);
}
