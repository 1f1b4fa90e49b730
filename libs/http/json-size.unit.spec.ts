import { faultOfSize } from './json-size.js';

const faultOf = (json: string) => faultOfSize(Buffer.from(json));
const list = (count: number, item = '1') => `[${Array<string>(count).fill(item).join(',')}]`;
const keys = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":1`).join(',')}}`;

describe('A JSON text', () => {
  it.each([
    ['what holds nothing', '{}'],
    ['2,000 items', list(2_000)],
    ['1,000 keys', keys(1_000)],
    ['32 levels', '['.repeat(32) + ']'.repeat(32)],
    ['100,000 values', `[${list(49, list(2_000))},${list(1_900)}]`],
    ['10,000 arrays and objects', `[${list(4, list(2_000, '{}'))},${list(1_900, '[]')}]`],
    ['as many after one another as are too many within one another', list(100, '[]')],
    ['brackets and commas in a string', JSON.stringify(['['.repeat(100), ','.repeat(3_000), '{"a":'.repeat(100)])],
    ['a quote in a string', JSON.stringify({ a: `"${'['.repeat(100)}`, b: `\\"${','.repeat(3_000)}`, '\\': '[\\' })],
    ['a long string', JSON.stringify('x'.repeat(1_000_000))],
    ['a long number', '9'.repeat(100_000)],
  ])('may have %s', (_, json) => {
    expect(faultOf(json)).toBeUndefined();
  });

  it.each([
    [list(2_001), 'an array with more than 2000 items'],
    [`{"x":{"data":${list(500_000)}}}`, 'an array with more than 2000 items'],
    [keys(1_001), 'an object with more than 1000 keys'],
    [`[{"a":1${',"a":1'.repeat(1_000)}}]`, 'an object with more than 1000 keys'],
    ['['.repeat(33) + ']'.repeat(33), 'nested deeper than 32 levels'],
    ['{"a":'.repeat(33), 'nested deeper than 32 levels'],
    ['[{"a":'.repeat(17), 'nested deeper than 32 levels'],
    [list(50, list(2_001)), 'an array with more than 2000 items'],
    [list(51, list(2_000)), 'more than 100000 values'],
    [list(6, list(2_000, '[]')), 'more than 10000 arrays and objects'],
    [list(6, list(2_000, '{}')), 'more than 10000 arrays and objects'],
  ])('that is too large is refused: %.20s…', (json, fault) => {
    expect(faultOf(json)).toBe(fault);
  });

  it.each(['', ']]]]', '}', ',,,', '"', '"\\', '[1', '{"a', '\ufeff[]'])('need not be well-formed: %j', (json) => {
    expect(faultOf(json)).toBeUndefined();
  });
});
