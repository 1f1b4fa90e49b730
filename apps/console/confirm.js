import { button, el } from './dom.js';

/**
 * Asks for confirmation and for the needed values in a dialog.
 * @param fields labelled controls by the names of their values
 * @returns the values of the fields, or undefined if the user cancels
 */
export function confirm({ title, text, action, fields = [] }) {
  return new Promise((resolve) => {
    let values;
    const confirmed = (event) => {
      event.preventDefault();
      values = Object.fromEntries(new FormData(form));
      dialog.close();
    };
    const form = el(
      'form',
      { onsubmit: confirmed },
      el('h2', { id: 'dialog-title' }, title),
      el('p', {}, text),
      fields,
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'submit', class: 'main' }, action),
        button('Cancel', () => dialog.close()),
      ),
    );
    const ended = () => {
      dialog.remove();
      resolve(values);
    };
    const dialog = el('dialog', { 'aria-labelledby': 'dialog-title', onclose: ended }, form);
    document.body.append(dialog);
    dialog.showModal();
  });
}
