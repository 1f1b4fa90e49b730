import { forgetToken, token } from './session.js';

/** An error that the API answered, or that kept it from answering (status 0). */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** Sends a request with the token of this tab, or with another. @throws {ApiError} unless the API accepts it */
export async function send(path, { method = 'GET', body, headers = {}, signal, as = token() } = {}) {
  const response = await fetch(path, {
    method,
    signal,
    // An outdated number would mislead more than no number.
    cache: 'no-store',
    headers: {
      ...(as && { authorization: `Bearer ${as}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiError(0, error instanceof TypeError ? 'The API cannot be reached.' : error.message);
  });
  if (response.ok) return response;
  const refusal = await refusalOf(response);
  // It has expired or been revoked since it was entered.
  if (refusal.status === 401 && as === token()) forgetToken(`${refusal.message}. Enter another one.`);
  throw refusal;
}

async function refusalOf(response) {
  const text = await response.text();
  let message = text || `The API answered ${response.status}.`;
  try {
    message = JSON.parse(text).message ?? message;
  } catch {
    // A proxy answers in its own form.
  }
  return new ApiError(response.status, message);
}

/** Returns the body of an answer: `data`, and `meta` of a page. */
export async function get(path, signal) {
  return (await send(path, { signal })).json();
}

/** Changes something and returns the `data` of the answer. */
export async function change(method, path, body) {
  const text = await (await send(path, { method, body })).text();
  return text ? JSON.parse(text).data : undefined;
}

/** Returns a path with the parameters that have a value. */
export function withQuery(path, parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
}
