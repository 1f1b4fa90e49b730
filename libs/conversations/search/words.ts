import { nameKey } from '#libs/platform/text.js';

/** A word of a text: its place, and the key that all its spellings share. */
export interface Word {
  key: string;
  start: number;
  end: number;
}

/** The words to search for: each as the beginning of a word or, if `exact`, all of them as a phrase. */
export interface WordQuery {
  keys: string[];
  exact: boolean;
}

/** Maximum number of characters of a text in which words are found. */
const MAX_SEARCHED_TEXT = 100_000;
/** Maximum number of words to look for. */
export const MAX_WORDS = 20;

/** PostgreSQL's limits of a tsvector: the last position in a text, and the number of positions of a word. */
const LAST_POSITION = 16_383;
const MAX_POSITIONS = 255;
/** Characters by which long words are compared. */
const MAX_KEY = 100;

/** Scripts without spaces, in which each character counts as a word. */
const SINGLE = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}`;
const WORD = new RegExp(
  String.raw`[${SINGLE}]|[[\p{L}\p{N}\p{M}\p{Default_Ignorable_Code_Point}]--[${SINGLE}]]+`,
  'gv',
);
/** Words whose key is their lower case. */
const PLAIN = /^[a-z\d]+$/i;
const ACCENTS = /[\u0300-\u036f]/g;
/** Characters that decomposition may add, such as the slash of ½: they would have a meaning in a tsquery. */
const NO_LETTERS = /[^\p{L}\p{N}\p{M}]/gu;

/** Yields the words of a text: sequences of letters and digits. */
function* wordsIn(text: string): Generator<Word> {
  for (const { 0: word, index } of text.slice(0, MAX_SEARCHED_TEXT).matchAll(WORD)) {
    const key = keyOf(word);
    if (key) yield { key, start: index, end: index + word.length };
  }
}

/** Returns a word regardless of case, accents and invisible characters. */
function keyOf(word: string): string {
  if (PLAIN.test(word)) return word.slice(0, MAX_KEY).toLowerCase();
  const bare = word.normalize('NFKD').replace(ACCENTS, '');
  return nameKey(bare).replace(NO_LETTERS, '').slice(0, MAX_KEY).toWellFormed();
}

/** Returns the words that a client searches for. */
export function wordQuery(text: string, exact: boolean): WordQuery {
  return { keys: Array.from(wordsIn(text), ({ key }) => key), exact };
}

/** Returns why a text cannot be searched for, or undefined. */
export function faultOfWords(text: string): string | undefined {
  const { length } = wordQuery(text, false).keys;
  if (length === 0) return 'must contain a word: letters or digits';
  return length > MAX_WORDS ? `must have at most ${MAX_WORDS} words` : undefined;
}

/**
 * Returns the prefix of each word of an organization in the index, so that a search does not read entries of other
 * organizations. Two organizations may have the same prefix: it saves work, but row-level security separates them.
 */
function markOf(organizationId: string): string {
  return organizationId.slice(-4);
}

/**
 * The number of successive conversations in a window, and in a part of a window. The index has the words of each window
 * apart, so a search in the newest windows does not come across the matches of older ones. A window may have too many
 * matches to read, so the index also has the texts of each part. The function conversations_with_words knows these
 * numbers, too.
 */
const WINDOW = 2 ** 12;
const PART = 2 ** 8;
/** The placeholder of the window in a query. Words do not contain this character. */
const ANY_WINDOW = '@';

function windowOf(conversationId: number): string {
  return Math.floor(conversationId / WINDOW)
    .toString(16)
    .padStart(5, '0');
}

function partOf(conversationId: number): string {
  return `#${Math.floor(conversationId / PART).toString(16)}`;
}

/**
 * Returns a query as a tsquery for all windows; the function words_in_window makes one for a conversation of it. Keys have
 * only letters, digits and marks, so nothing in them needs quoting.
 */
export function tsqueryOf(organizationId: string, { keys, exact }: WordQuery): string {
  const start = `${markOf(organizationId)}${ANY_WINDOW}`;
  return keys.map((key) => `'${start}${key}'${exact ? '' : ':*'}`).join(exact ? ' <-> ' : ' & ');
}

/** Returns the words of a text of a conversation as a tsvector, for {@link tsqueryOf}; undefined if it has none. */
export function tsvectorOf(organizationId: string, conversationId: number, text: string): string | undefined {
  const places = new Map<string, number[]>();
  let place = 0;
  for (const { key } of wordsIn(text)) {
    if (++place > LAST_POSITION) break;
    const known = places.get(key);
    if (!known) places.set(key, [place]);
    else if (known.length < MAX_POSITIONS) known.push(place);
  }
  if (places.size === 0) return undefined;
  const mark = markOf(organizationId);
  const start = `${mark}${windowOf(conversationId)}`;
  const words = Array.from(places, ([key, at]) => `'${start}${key}':${at.join(',')}`);
  return [...words, `'${mark}${partOf(conversationId)}'`].join(' ');
}

/** Returns the ranges of a text that match, in their order. Those of a phrase extend from its first word to its last. */
export function matchesIn(text: string, { keys, exact }: WordQuery): Pick<Word, 'start' | 'end'>[] {
  const words = [...wordsIn(text)];
  if (!exact) return words.filter(({ key }) => keys.some((wanted) => key.startsWith(wanted)));
  return words.flatMap(({ start }, at) => {
    const last = words[at + keys.length - 1];
    return last && keys.every((key, index) => words[at + index]?.key === key) ? [{ start, end: last.end }] : [];
  });
}
