const status = document.getElementById('status');

/** Says in words what has happened, also to screen readers. */
export function say(text) {
  status.textContent = text;
}
