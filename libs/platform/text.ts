/** Control, format and blank characters, and those that renderers may ignore, such as variation selectors. */
const HIDDEN = String.raw`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}`;

const VISIBLE = new RegExp(String.raw`[^\s${HIDDEN}]`, 'u');
const FIRST_HIDDEN = new RegExp(`[${HIDDEN}]`, 'u');
const ALL_HIDDEN = new RegExp(`[${HIDDEN}]`, 'gu');
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Returns whether a text has a visible character. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}

/** Returns the first invisible character, which an address must not have: `U+200B ZERO WIDTH SPACE`. */
export function hiddenCharacterOf(text: string): string | undefined {
  return codePoint(FIRST_HIDDEN.exec(text)?.[0]);
}

/** Returns the first character that breaks a line or controls a terminal, such as `U+000A LINE FEED`. */
export function controlCharacterOf(text: string): string | undefined {
  return codePoint(CONTROL.exec(text)?.[0]);
}

/** Returns a text without invisible characters, such as the marks of direction around a copied phone number. */
export function withoutHidden(text: string): string {
  return text.replace(ALL_HIDDEN, '');
}

const NAMES: Record<string, string> = {
  '0009': 'CHARACTER TABULATION',
  '000A': 'LINE FEED',
  '000D': 'CARRIAGE RETURN',
  '00AD': 'SOFT HYPHEN',
  '200B': 'ZERO WIDTH SPACE',
  '200C': 'ZERO WIDTH NON-JOINER',
  '200D': 'ZERO WIDTH JOINER',
  '200E': 'LEFT-TO-RIGHT MARK',
  '200F': 'RIGHT-TO-LEFT MARK',
  '2060': 'WORD JOINER',
  FEFF: 'ZERO WIDTH NO-BREAK SPACE',
};

function codePoint(character: string | undefined): string | undefined {
  if (character === undefined) return undefined;
  const hex = (character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0');
  return [`U+${hex}`, NAMES[hex]].filter(Boolean).join(' ');
}

/** Returns whether a text has more code points than `max`, as JSON Schema and PostgreSQL count. */
export function isLongerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || lengthOf(text) > max;
}

/** Returns the number of a text's code points. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Maximum number of marks on a letter, above that of any language. Composing time grows with their square. */
export const MAX_MARKS = 30;
const TOO_MANY_MARKS = new RegExp(String.raw`\p{M}{${MAX_MARKS + 1}}`, 'u');
/** The characters that are their own NFC. */
const COMPOSED = /^[\0-\u02ff]*$/;

/** Returns a text in NFC, where each character has one spelling; undefined if over {@link MAX_MARKS} marks stack. */
export function composed(text: string): string | undefined {
  if (COMPOSED.test(text)) return text;
  return TOO_MANY_MARKS.test(text) ? undefined : text.normalize('NFC');
}

/** The characters with at most one other case, and no other spelling. */
const ASCII = /^[\0-\x7f]*$/;

/**
 * Returns the key that texts share if they differ only in case: Unicode's full case folding, in NFC, which JavaScript
 * lacks. PostgreSQL's `casefold` agrees on each character; a test compares them.
 */
export function caseFolded(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return Array.from(text.normalize('NFD'), foldedCharacter).join('').normalize('NFC');
}

/** Folds a single character, because a final sigma has its own small form. A dotless i has no other case. */
function foldedCharacter(character: string): string {
  return character === 'ı' ? character : character.toLowerCase().toUpperCase().toLowerCase();
}

const TAGS = String.raw`[\u{E0020}-\u{E007F}]`;
/** The flags of England, Scotland and Wales differ only in tags, which are ignorable elsewhere. */
const IGNORED = new RegExp(String.raw`(?!${TAGS})\p{Default_Ignorable_Code_Point}|(?<!\u{1F3F4}${TAGS}*)${TAGS}`, 'gu');

/** Returns the key that names share if they look the same, regardless of case, spelling and invisible characters. */
export function nameKey(name: string): string {
  return caseFolded(name.replace(IGNORED, ''));
}

/** Returns a client's text as messages quote it: well-formed, and cut off after 64 characters. */
export function quoted(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_QUOTED + 2));
  const shown = characters.slice(0, MAX_QUOTED).join('');
  return (characters.length > MAX_QUOTED ? `${shown}…` : shown).toWellFormed();
}

const MAX_QUOTED = 64;
