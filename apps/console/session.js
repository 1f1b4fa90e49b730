const KEY = 'deskstream-token';

/** The window event that reports that the token was removed; its `detail` is the reason in words. */
export const FORGOTTEN = 'token-forgotten';

/** Returns the API token of this tab, or null. */
export function token() {
  return sessionStorage.getItem(KEY);
}

/** Keeps a token until the tab is closed. */
export function keepToken(value) {
  sessionStorage.setItem(KEY, value);
}

/** Forgets the token. @param reason in words, for the reader */
export function forgetToken(reason) {
  sessionStorage.removeItem(KEY);
  dispatchEvent(new CustomEvent(FORGOTTEN, { detail: reason }));
}
