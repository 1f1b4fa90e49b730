import { LRUCache } from 'lru-cache';
import sanitizeHtml from 'sanitize-html';
import { timeSlices } from '#libs/platform/time-slices.js';
import { type MessageBody } from './conversation.rules.js';

/** The HTML that a mail client shows: text, tables, pictures and links, but no scripts, styles or forms. */
const SHOWN: sanitizeHtml.IOptions = {
  allowedTags: [...sanitizeHtml.defaults.allowedTags, 'img', 'del', 'ins'],
  allowedAttributes: {
    a: ['href', 'name', 'target', 'rel', 'title'],
    img: ['src', 'alt', 'title', 'width', 'height'],
    td: ['colspan', 'rowspan', 'align'],
    th: ['colspan', 'rowspan', 'align'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['http', 'https', 'cid'] },
  allowProtocolRelative: false,
  transformTags: {
    // A page that a link opens must not reach the page that shows the message.
    a: (tagName, { href, ...others }) => ({
      tagName,
      attribs: { ...others, ...absolute({ href }), rel: 'noopener noreferrer' },
    }),
    img: (tagName, { src, ...others }) => ({ tagName, attribs: { ...others, ...absolute({ src }) } }),
  },
  nestingLimit: 100,
};

/** Results for recent messages, by their HTML: for HTML that was sanitized ahead, and for retries after a conflict. */
const recent = new LRUCache<string, string>({
  maxSize: 8_000_000,
  sizeCalculation: (safe, html) => safe.length + html.length + 1,
});

/** Returns HTML that a page can show: without scripts, styles, forms, frames and handlers of events. */
export function sanitizedHtml(html: string): string {
  const known = recent.get(html);
  if (known !== undefined) return known;
  const safe = sanitizeHtml(html, SHOWN);
  recent.set(html, safe);
  return safe;
}

/**
 * Computes {@link sanitizedHtml} ahead for messages that are about to be written. A long text takes some tens of milliseconds, so
 * organizations take turns.
 */
export async function sanitizeAhead(organizationId: string, bodies: MessageBody[]): Promise<void> {
  for (const { content } of bodies) {
    if (content?._type !== 'Html') continue;
    await timeSlices.next(organizationId);
    sanitizedHtml(content.value);
  }
}

/** A tag of {@link sanitizedHtml}, in which attributes have no angle brackets; it may be cut off. */
const TAG = /<\/?([a-z\d]*)[^>]*(?:>|$)/gi;
/** Tags that begin or end a line, and therefore separate words. */
const LINES = new Set('blockquote br dd div dt h1 h2 h3 h4 h5 h6 hr li ol p pre table td th tr ul'.split(' '));

/** The escape sequences in the text of {@link sanitizedHtml}. */
const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' };

/** Returns the visible text of HTML, without its tags. @param safe see {@link sanitizedHtml}; it may be cut off */
export function textOfHtml(safe: string): string {
  return safe
    .replace(TAG, (_, name: string) => (LINES.has(name) ? ' ' : ''))
    .replace(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] as string)
    .replace(/\s+/g, ' ')
    .trim();
}

/** Leaves out a relative URL: it would lead to the site that shows the message. */
function absolute(attribute: Record<string, string | undefined>): Record<string, string> {
  const given = Object.entries(attribute).filter(([, url]) => url !== undefined && /^[a-z]+:/i.test(url.trim()));
  return Object.fromEntries(given) as Record<string, string>;
}
