import { excerptOf } from './excerpt.js';
import { faultOfWords, tsqueryOf, tsvectorOf, wordQuery } from './words.js';

const ORGANIZATION = '01980f5e-8f4c-7c21-9d3a-1f2e3d4c5b6a';
const keysOf = (text: string) => wordQuery(text, false).keys;

describe('The words of a text', () => {
  it('are sequences of letters and digits, regardless of case and accents', () => {
    expect(keysOf("Où est l'Order-No. 7b?")).toEqual(['ou', 'est', 'l', 'order', 'no', '7b']);
    expect(keysOf('Straße STRASSE ﬁne')).toEqual(['strasse', 'strasse', 'fine']);
    expect(keysOf('Йод ёлка हिन्दी')).toEqual(['иод', 'елка', 'हिन्दी']);
  });

  it('are single characters in scripts without spaces', () => {
    expect(keysOf('東京 cafe東')).toEqual(['東', '京', 'cafe', '東']);
  });

  it('have no invisible characters', () => {
    expect(keysOf('re\u00adfund a\u200bb')).toEqual(['refund', 'ab']);
  });

  it('contain nothing that SQL would interpret', () => {
    for (const text of ["'; DROP", "a'b", '½ ⅓ ﷺ', 'x\\', ':*&|!()<->', '\ud800a']) {
      expect(keysOf(text).join('')).toMatch(/^[\p{L}\p{N}\p{M}]*$/u);
    }
  });

  it('are shortened if they are long', () => {
    expect(keysOf('x'.repeat(5_000))).toEqual(['x'.repeat(100)]);
  });
});

describe('A query', () => {
  it('is for the beginnings of words, or for a phrase', () => {
    expect(tsqueryOf(ORGANIZATION, wordQuery('Red pump', false))).toBe("'5b6a@red':* & '5b6a@pump':*");
    expect(tsqueryOf(ORGANIZATION, wordQuery('Red pump', true))).toBe("'5b6a@red' <-> '5b6a@pump'");
  });

  it('has 1 to 20 words', () => {
    expect(faultOfWords('…')).toMatch('must contain a word');
    expect(faultOfWords('a '.repeat(20))).toBeUndefined();
    expect(faultOfWords('a '.repeat(21))).toMatch('at most 20');
  });
});

describe('The vector of a text', () => {
  it('has each word of the organization and the window with its places, and the part of the window', () => {
    expect(tsvectorOf(ORGANIZATION, 1042, 'To be or not to be')).toBe(
      "'5b6a00000to':1,5 '5b6a00000be':2,6 '5b6a00000or':3 '5b6a00000not':4 '5b6a#4'",
    );
    expect(tsvectorOf(ORGANIZATION, 2 ** 31 + 2 ** 12 - 1, 'be')).toBe("'5b6a80000be':1 '5b6a#80000f'");
  });

  it('is absent without words, and bounded with many', () => {
    expect(tsvectorOf(ORGANIZATION, 1042, ' – ')).toBeUndefined();
    expect(tsvectorOf(ORGANIZATION, 1042, 'a '.repeat(50_000))?.split(',')).toHaveLength(255);
    expect(tsvectorOf(ORGANIZATION, 1042, Array.from({ length: 20_000 }, (_, n) => n).join(' '))).not.toContain(
      "'5b6a0000016383'",
    );
  });
});

describe('An excerpt', () => {
  const excerpt = (text: string, query: string, exact = false) => excerptOf(text, wordQuery(query, exact));

  it('shows matches in a text that is otherwise escaped', () => {
    expect(excerpt('<b>Ärger & "Müll"</b>', 'mull arg')).toBe(
      '&lt;b&gt;<em>Ärger</em> &amp; &quot;<em>Müll</em>&quot;&lt;/b&gt;',
    );
    expect(excerpt('red pump, red, pump', 'red pump', true)).toBe('<em>red pump</em>, <em>red, pump</em>');
    expect(excerpt('a a a', 'a a', true)).toBe('<em>a a</em> a');
    expect(excerpt('nothing', 'x')).toBeUndefined();
  });

  it('is the part around the first match', () => {
    const shown = excerpt(`${'😀 '.repeat(200)}word ${'more '.repeat(100)}`, 'word') as string;
    expect(shown).toMatch(/^….*<em>word<\/em> more .*…$/);
    expect(shown.length).toBeLessThan(270);
  });
});
