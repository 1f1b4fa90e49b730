const COUNTS = [1, 2, 4];
export const MOST = Math.max(...COUNTS);

/**
 * Measures 1, 2 and 4 processes in rounds in which these numbers take turns.
 * @param measure gets the number of processes, and a label for lines of progress
 * @returns its results, by number of processes
 */
export async function inRounds({ plan }, label, measure) {
  const results = new Map(COUNTS.map((count) => [count, []]));
  for (let round = 1; round <= plan.rounds; round++) {
    for (const count of COUNTS) {
      results.get(count).push(await measure(count, `${label}: ${count}, round ${round} of ${plan.rounds}`));
    }
  }
  return results;
}
