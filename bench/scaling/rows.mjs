import { median } from '../statistics.mjs';
import { atMost, number, ratio } from '../table.mjs';

export const HEADER = ['', '/s', '÷ one', 'CPU-µs each', '÷ one', 'of PostgreSQL', 'Target'];
/** Maximum CPU time as a multiple of what one process takes. */
const MOST_CPU = 1.1;

/**
 * Returns a row for each number of processes: the medians of its rounds.
 * @param names of one process, and of several
 * @param results lists of `{ perSecond, cpu, postgres }`, by number of processes; CPU time in microseconds
 */
export function scalingRows(label, [one, several], results) {
  const figures = [...results].map(([count, rounds]) => [count, mediansOf(rounds)]);
  const [, alone] = figures[0];
  return figures.map(([count, { perSecond, cpu, postgres }]) => [
    `${label}, ${count} ${count === 1 ? one : several}`,
    ...[number(perSecond), ratio(perSecond / alone.perSecond)],
    ...[number(cpu), ratio(cpu / alone.cpu), number(postgres)],
    count === 1 ? '' : atMost(cpu / alone.cpu, MOST_CPU, '× one'),
  ]);
}

function mediansOf(results) {
  const of = (field) => median(results.map((result) => result[field]));
  return { perSecond: of('perSecond'), cpu: of('cpu'), postgres: of('postgres') };
}
