import { el } from './dom.js';

/** Returns an error as a notice: which scope the token lacks, or why there is no content. */
export function notice(error) {
  return el('p', { class: error.status === 403 ? 'notice' : 'notice bad', role: 'alert' }, error.message);
}

/**
 * Returns a part of a view that loads independently: if the token may not see it, the other parts are still shown.
 * @param load returns the content: an element, or several
 * @returns the part; its `reload` loads the content again
 */
export function section(title, load, signal) {
  const content = el('div', {}, el('p', { class: 'quiet' }, 'Loading…'));
  const id = `section-${title.toLowerCase().replaceAll(/\W+/g, '-')}`;
  const fill = async () => {
    content.setAttribute('aria-busy', 'true');
    const loaded = await load().catch((error) => {
      return signal.aborted ? [] : notice(error);
    });
    content.replaceChildren(...[loaded].flat());
    content.removeAttribute('aria-busy');
  };
  void fill();
  return Object.assign(el('section', { 'aria-labelledby': id }, el('h2', { id }, title), content), { reload: fill });
}

/**
 * Returns a list that is read page by page, with buttons to the previous and the next page.
 * @param show returns the content for the entries of a page
 */
export async function paged(path, read, show) {
  const place = el('div');
  const turn = async (to) => {
    const { data, meta = {} } = await read(to);
    place.replaceChildren(show(data), pages(meta, turn, place));
  };
  await turn(path);
  return place;
}

function pages({ previous, next }, turn, place) {
  const to = (text, url) => {
    if (!url) return undefined;
    // The link names the public URL, which may be another origin than the one that served this page.
    const { pathname, search } = new URL(url);
    const go = () => turn(pathname + search).catch((error) => place.prepend(notice(error)));
    return el('button', { type: 'button', onclick: go }, text);
  };
  return el('div', { class: 'buttons' }, to('Previous page', previous), to('Next page', next));
}
