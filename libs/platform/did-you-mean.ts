/** Names that are longer are not misspelt. */
const MAX_LENGTH = 64;
/** In shorter names a letter more or less makes another word. */
const MIN_LENGTH = 4;

/** The names that there are somewhere, such as the fields of a body: tells which of them another was meant to be. */
export class KnownNames {
  readonly #letters: Map<string, string>;

  constructor(readonly names: readonly string[]) {
    this.#letters = new Map(names.map((name) => [name, lettersOf(name)]));
  }

  /**
   * The name that another is a misspelling of: the same but for case and punctuation (`display_name` for `displayName`),
   * or with one letter too many, too few, wrong, or swapped with the next (`emial` for `email`).
   * @returns undefined where there is none
   */
  meantBy(misspelt: string): string | undefined {
    if (misspelt.length > MAX_LENGTH) return undefined;
    const letters = lettersOf(misspelt);
    const same = this.names.find((name) => this.#letters.get(name) === letters);
    return same ?? this.names.find((name) => oneEditApart(this.#letters.get(name) as string, letters));
  }
}

/** Why a field of a body is refused that is none of those that are known. */
export function faultOfUnknownField(name: string, known: KnownNames): string {
  const meant = known.meantBy(name);
  return `is not a field of this request${meant === undefined ? '' : `; did you mean ${meant}?`}`;
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
