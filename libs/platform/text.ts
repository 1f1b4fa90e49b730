/** Controls, format characters, and what Unicode lets a renderer ignore, such as variation selectors; and blank symbols. */
const HIDDEN = String.raw`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}`;

const VISIBLE = new RegExp(String.raw`[^\s${HIDDEN}]`, 'u');
const FIRST_HIDDEN = new RegExp(`[${HIDDEN}]`, 'u');
const ALL_HIDDEN = new RegExp(`[${HIDDEN}]`, 'gu');
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Whether a text shows anything at all. */
export function isVisible(text: string): boolean {
  return VISIBLE.test(text);
}

/** The first character that an address cannot hold, since nobody sees it: `U+200B ZERO WIDTH SPACE`. */
export function hiddenCharacterOf(text: string): string | undefined {
  return codePoint(FIRST_HIDDEN.exec(text)?.[0]);
}

/** The first character that would break a line or control a terminal, such as `U+000A LINE FEED`. */
export function controlCharacterOf(text: string): string | undefined {
  return codePoint(CONTROL.exec(text)?.[0]);
}

/** A text without the characters that nobody sees, such as the marks of direction around a copied phone number. */
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

/** Whether a text has more code points than that, as `maxLength` of JSON Schema and PostgreSQL count. */
export function isLongerThan(text: string, max: number): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || lengthOf(text) > max;
}

/** How many code points a text has. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** No language stacks so many marks on a letter. To compose more takes time that grows with their square. */
export const MAX_MARKS = 30;
const TOO_MANY_MARKS = new RegExp(String.raw`\p{M}{${MAX_MARKS + 1}}`, 'u');
/** Up to there, every character stands for itself in NFC. */
const COMPOSED = /^[\0-\u02ff]*$/;

/** A text in NFC, in which each character has one spelling; undefined when it stacks more than {@link MAX_MARKS} marks. */
export function composed(text: string): string | undefined {
  if (COMPOSED.test(text)) return text;
  return TOO_MANY_MARKS.test(text) ? undefined : text.normalize('NFC');
}

/** Each character has one other case at most, and no other spelling. */
const ASCII = /^[\0-\x7f]*$/;

/**
 * What texts that differ in case alone have in common: Unicode's full case folding, in NFC. JavaScript has no function
 * for it. PostgreSQL's `casefold` says the same of each character; a test compares them.
 */
export function caseFolded(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return Array.from(text.normalize('NFD'), foldedCharacter).join('').normalize('NFC');
}

/** One by one, for a sigma at the end of a word has a small form of its own. A dotless i has no other case. */
function foldedCharacter(character: string): string {
  return character === 'ı' ? character : character.toLowerCase().toUpperCase().toLowerCase();
}

const TAGS = String.raw`[\u{E0020}-\u{E007F}]`;
/** The flags of England, Scotland and Wales differ in tags alone, which are ignorable anywhere else. */
const IGNORED = new RegExp(String.raw`(?!${TAGS})\p{Default_Ignorable_Code_Point}|(?<!\u{1F3F4}${TAGS}*)${TAGS}`, 'gu');

/** What names that look the same have in common: without regard to case, spelling, and what nobody sees. */
export function nameKey(name: string): string {
  return caseFolded(name.replace(IGNORED, ''));
}
