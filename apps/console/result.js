import { el } from './dom.js';

/**
 * Returns the place that shows the results of a view's actions, and the function that fills it. That function also
 * reloads what an action may have changed, and moves the focus, because the button that was pressed may be gone.
 * @param reload loads the parts of the view again
 */
export function resultPlace(reload) {
  const result = el('div', { role: 'status', class: 'result', tabindex: '-1' });
  const done = (...content) => {
    result.replaceChildren(...content);
    result.focus();
    reload();
  };
  return { result, done };
}
