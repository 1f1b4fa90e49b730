import TestSequencer from '@jest/test-sequencer';

/** Files that take the longest, because they start processes over and over or send thousands of requests. */
const LONG = /\.crash\.|\/(fuzz|standalone|tenancy|neighbours|standby|watchdog|docs|load|attempt-faults)\./;
const isLong = ({ path }) => LONG.test(path);

/**
 * Jest's order, but with long files first: else one of them runs alone at the end. Jest knows from the run before what
 * takes long, but in a new clone it goes by the size of files.
 */
export default class LongestFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
