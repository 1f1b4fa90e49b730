import { get } from './api.js';
import { el } from './dom.js';
import { FORGOTTEN, forgetToken, token } from './session.js';
import { signIn } from './sign-in.js';
import { say } from './status.js';
import { conversation } from './views/conversation.js';
import { conversations } from './views/conversations.js';
import { delivery } from './views/delivery.js';
import { events } from './views/events.js';
import { health } from './views/health.js';
import { receiver } from './views/receiver.js';
import { receivers } from './views/receivers.js';
import { tokens } from './views/tokens.js';

/**
 * The views by their hashes. Each returns its title and its content.
 * @type {[RegExp, (context: { ids: string[], query: URLSearchParams, signal: AbortSignal }) => { title: string, content: Element[] }][]}
 */
const VIEWS = [
  [/^\/health$/, health],
  [/^\/receivers$/, receivers],
  [/^\/receivers\/([\w-]+)$/, receiver],
  [/^\/receivers\/([\w-]+)\/deliveries\/([\w-]+)$/, delivery],
  [/^\/events$/, events],
  [/^\/conversations$/, conversations],
  [/^\/conversations\/(\d+)$/, conversation],
  [/^\/tokens$/, tokens],
];

const main = document.getElementById('main');
const parts = ['navigation', 'actions'].map((id) => document.getElementById(id));
const organization = document.getElementById('organization');
let shown = new AbortController();

/** Ends the work of the current view, and shows the view of the hash. */
function show() {
  shown.abort();
  shown = new AbortController();
  say('');
  for (const part of parts) part.hidden = !token();
  if (!token()) return showPage(signIn(enter));
  const [path, query] = (location.hash.slice(1) || '/health').split('?');
  const [pattern, view] = VIEWS.find(([candidate]) => candidate.test(path)) ?? VIEWS[0];
  const ids = (pattern.exec(path) ?? []).slice(1);
  markCurrent(path);
  showPage(view({ ids, query: new URLSearchParams(query), signal: shown.signal }));
}

function showPage({ title, content }) {
  document.title = `${title} – Deskstream console`;
  main.replaceChildren(el('h1', {}, title), ...content);
}

/** The element that had the focus is gone, so the focus moves to the new content. */
function showAndFocus() {
  show();
  main.focus();
}

function enter() {
  void begin();
  main.focus();
}

function markCurrent(path) {
  for (const link of parts[0].querySelectorAll('a')) {
    if (path.startsWith(link.hash.slice(1))) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

/**
 * Shows the view, and reads the name of the organization at the same time. It is missing if the token lacks the scope.
 */
async function begin() {
  show();
  const answer = token() ? await get('/v1/organization').catch(() => undefined) : undefined;
  organization.textContent = answer?.data.name ?? '';
}

// A skip link must not be read as the hash of a view.
document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
document.getElementById('refresh').addEventListener('click', show);
document.getElementById('forget').addEventListener('click', () => forgetToken('The token was removed from this tab.'));
addEventListener(FORGOTTEN, ({ detail }) => {
  organization.textContent = '';
  showAndFocus();
  say(detail);
});
addEventListener('hashchange', showAndFocus);
void begin();
