import sanitizeHtml from 'sanitize-html';

/** What a mail client shows: text, tables, pictures and links; nothing that runs, loads styles or sends forms. */
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
  // A page that a link opens must not reach the page that shows the message.
  transformTags: { a: sanitizeHtml.simpleTransform('a', { rel: 'noopener noreferrer' }) },
  nestingLimit: 100,
};

/** Returns HTML that a page can show: without scripts, styles, forms, frames and handlers of events. */
export function safeHtml(html: string): string {
  return sanitizeHtml(html, SHOWN);
}
