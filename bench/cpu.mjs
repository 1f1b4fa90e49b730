import { readdir, readFile } from 'node:fs/promises';

/** `/proc` counts CPU time in hundredths of a second. */
const MICROSECONDS_OF_TICK = 10_000;

/** Returns the CPU time of a process so far, in user and system mode, in microseconds. Requires Linux. */
export async function cpuOf(pid) {
  const { own } = await statOf(pid);
  return own * MICROSECONDS_OF_TICK;
}

/**
 * Returns the CPU time of a whole PostgreSQL server: of its running processes, and of those that have ended.
 * @param client a connection to it, on this machine
 */
export async function cpuOfPostgres(client) {
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
  const { parent: postmaster } = await statOf(rows[0].pid);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => statOf(pid).catch(() => undefined)));
  const running = stats.filter((stat) => stat?.parent === postmaster).map(({ own }) => own);
  const { own, ended } = await statOf(postmaster);
  return [own, ended, ...running].reduce((total, ticks) => total + ticks) * MICROSECONDS_OF_TICK;
}

/** Reads proc_pid_stat(5): the fields after the name, which may contain anything. */
async function statOf(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user, system, userOfEnded, systemOfEnded] = fields.slice(11, 15).map(Number);
  return { parent: Number(fields[1]), own: user + system, ended: userOfEnded + systemOfEnded };
}
