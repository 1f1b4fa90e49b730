import { quoted } from './text.js';

/** Maximum length of a misspelled name. */
const MAX_LENGTH = 64;
/** Minimum length: in shorter names, one letter makes another word. */
const MIN_LENGTH = 4;

/** The known names of something, such as the fields of a body; finds the one that an unknown name is meant to be. */
export class KnownNames {
  readonly #letters: Map<string, string>;

  constructor(readonly names: readonly string[]) {
    this.#letters = new Map(names.map((name) => [name, lettersOf(name)]));
  }

  /**
   * Returns the name that another misspells: the same except for case and punctuation (`display_name` for
   * `displayName`), or with one letter too many, too few, wrong, or swapped with the next (`emial` for `email`).
   * @returns undefined if there is none
   */
  meantBy(misspelt: string): string | undefined {
    if (misspelt.length > MAX_LENGTH) return undefined;
    const letters = lettersOf(misspelt);
    const same = this.names.find((name) => this.#letters.get(name) === letters);
    return same ?? this.names.find((name) => oneEditApart(this.#letters.get(name) as string, letters));
  }
}

/** Returns why an unknown field of a body is refused. */
export function faultOfUnknownField(name: string, known: KnownNames): string {
  return `is not a field of this request${suggestion(name, known)}`;
}

/** The relation of a field and a refused value: the field is that value, or is a list that contains it. */
export type Verb = 'is' | 'contains';

/** Returns why a value is refused where one of several is expected: names the one that was meant, or all. */
export function faultOfChoice(value: unknown, known: KnownNames, verb: Verb = 'is'): string {
  const hint = typeof value === 'string' ? suggestion(value, known) : '';
  if (hint) return `${verb} ${quoted(value as string)}, which is not a known value${hint}`;
  return `${verb === 'is' ? 'must be one of' : 'may only contain'}: ${known.names.join(', ')}`;
}

/** Returns the question whether a known name was meant; empty if none is similar. */
export function suggestion(name: string, known: KnownNames): string {
  const meant = known.meantBy(name);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[\W_]/g, '');
}

function oneEditApart(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  if (shorter < MIN_LENGTH || Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const left = one.slice(start, one.length - end);
  const right = other.slice(start, other.length - end);
  const swapped = left.length === 2 && right === `${left[1]}${left[0]}`;
  return swapped || Math.max(left.length, right.length) <= 1;
}
