import { send } from './api.js';
import { el, field } from './dom.js';
import { notice } from './section.js';
import { keepToken } from './session.js';

/** The form that asks for the API token. @param onSignedIn called once the API has accepted the token */
export function signIn(onSignedIn) {
  const input = el('input', {
    type: 'password',
    id: 'token',
    required: true,
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const refused = el('div');
  const enter = async (event) => {
    event.preventDefault();
    try {
      await mustBeAccepted(input.value.trim());
      keepToken(input.value.trim());
      onSignedIn();
    } catch (error) {
      refused.replaceChildren(notice(error));
      input.focus();
    }
  };
  const form = el(
    'form',
    { class: 'sign-in', onsubmit: enter },
    field('API token', input),
    refused,
    el('div', { class: 'buttons' }, el('button', { type: 'submit', class: 'main' }, 'Sign in')),
    el('p', { class: 'quiet' }, 'This tab keeps the token until you close it or press “Forget token”.'),
  );
  return { title: 'Sign in', content: [form] };
}

/** A token without this scope is valid, too. */
async function mustBeAccepted(as) {
  await send('/v1/organization', { as }).catch((error) => {
    if (error.status !== 403) throw error;
  });
}
