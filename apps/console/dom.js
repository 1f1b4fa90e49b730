/**
 * Returns an element. Texts become text nodes, so nothing that the API answers is parsed as HTML.
 * @param properties of the element: `on…` is a listener, `undefined` and `false` are left out, others are attributes
 */
export function el(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== ''));
  return element;
}

export const link = (href, text) => el('a', { href }, text);

export const button = (text, onclick, more = {}) => el('button', { type: 'button', onclick, ...more }, text);

/** Returns a state as a word with a color. @param tone `good`, `bad`, `warn` or nothing */
export const badge = (text, tone = 'plain') => el('span', { class: `badge ${tone}` }, text);

/** Returns an instant in the reader's time zone, or a dash. */
export function time(instant) {
  if (!instant) return '–';
  return el('time', { datetime: instant, title: instant }, new Date(instant).toLocaleString());
}

/** Returns a labelled field of a form. */
export function field(label, control) {
  return el('label', {}, el('span', {}, label), control);
}

/** Returns a selection. @param options pairs of a value and its text */
export function select(options, chosen, onchange) {
  const items = options.map(([value, text]) => el('option', { value, selected: value === chosen }, text));
  return el('select', { onchange: ({ target }) => onchange(target.value) }, items);
}

/**
 * Returns a table that scrolls horizontally if it is wider than the page.
 * @param columns the header of each column, and a function that returns its cell for a row
 */
export function table(caption, columns, rows) {
  const body = el(
    'tbody',
    {},
    rows.map((row) => tableRow(columns, row)),
  );
  const head = el(
    'tr',
    {},
    columns.map(([title]) => el('th', { scope: 'col' }, title)),
  );
  return el(
    'div',
    { class: 'scroll', role: 'region', tabindex: '0', 'aria-label': caption },
    el('table', {}, el('caption', {}, caption), el('thead', {}, head), body),
  );
}

export function tableRow(columns, row) {
  return el(
    'tr',
    {},
    columns.map(([, show]) => el('td', {}, show(row))),
  );
}

/** Returns names with their values. Entries without a value are left out. */
export function facts(entries) {
  const shown = entries.filter(([, value]) => value !== undefined && value !== '');
  return el(
    'dl',
    {},
    shown.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

/** Returns a value as JSON, folded behind a summary. */
export function folded(summary, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return el('details', {}, el('summary', {}, summary), el('pre', { tabindex: '0' }, text));
}
