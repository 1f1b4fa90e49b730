import { atLeast, number, ratio } from './table.mjs';

/**
 * Returns the rows of an HTTP measurement; peers without figures are left out.
 * @param results by side: `ours`, and `bare` and `crud` where they take part
 * @param targets minimum ratios to peers, by name
 */
export function operationRows(label, { ours, bare, crud }, targets = {}) {
  const toBare = bare && ours.perSecond / bare.perSecond;
  const toCrud = crud && ours.perSecond / crud.perSecond;
  const verdicts = [
    ...(targets.bare ? [atLeast(toBare, targets.bare, '× bare')] : []),
    ...(targets.crud ? [atLeast(toCrud, targets.crud, '× CRUD')] : []),
  ];
  const cells = (format) => [ours, bare, crud].map((side) => (side ? format(side) : ''));
  return [
    [
      `${label}: requests/s`,
      ...cells((side) => number(side.perSecond)),
      ...[toBare, toCrud].map((value) => (value ? ratio(value) : '')),
      verdicts.join('  '),
    ],
    ['  latency p50 / p99, ms', ...cells((side) => `${number(side.p50, 1)} / ${number(side.p99, 1)}`), '', '', ''],
  ];
}
