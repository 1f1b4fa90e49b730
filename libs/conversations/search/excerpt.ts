import { matchesIn, type WordQuery } from './words.js';

/** Characters of an excerpt before the first match, and in all. */
const BEFORE = 60;
const LENGTH = 240;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/**
 * Returns the part of a text around its first match as HTML, with each match in `<em>`; undefined if nothing matches.
 * Everything else is escaped.
 */
export function excerptOf(text: string, query: WordQuery): string | undefined {
  const matches = matchesIn(text, query);
  const [first] = matches;
  if (!first) return undefined;
  const from = first.start <= BEFORE ? 0 : first.start - BEFORE;
  const to = Math.max(first.end, Math.min(text.length, from + LENGTH));
  let shown = from > 0 ? '…' : '';
  let place = from;
  for (const { start, end } of matches) {
    if (start < place || end > to) continue;
    shown += `${escaped(text.slice(place, start))}<em>${escaped(text.slice(start, end))}</em>`;
    place = end;
  }
  return `${shown}${escaped(text.slice(place, to))}${to < text.length ? '…' : ''}`.toWellFormed();
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
