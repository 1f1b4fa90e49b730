/** Maximum size of a body. docs/operations.md lists all limits of requests, with their errors. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Maximum size of request line and headers together. */
export const MAX_HEADER_BYTES = 16 * 1024;
export const MAX_URL_LENGTH = 8 * 1024;
/** Maximum length of a path parameter that is neither a UUID nor a number. */
export const MAX_PARAMETER_LENGTH = 255;
/** Maximum number of ignored query parameters in an answer, and maximum length of each. */
export const MAX_IGNORED_PARAMETERS = 20;
export const MAX_IGNORED_LENGTH = 100;
/** Maximum nesting of arrays and objects. */
export const MAX_DEPTH = 32;
/** Maximum number of keys in one object; a repeated key counts again. */
export const MAX_KEYS = 1_000;
/** Maximum number of items in one array: more than any field takes, so that such a field reports its own limit. */
export const MAX_ITEMS = 2_000;
/** Maximum number of arrays and objects in a body. The largest bulk request has 5,000. */
export const MAX_CONTAINERS = 10_000;
/** Maximum number of values in a body, at any depth. The largest bulk request has 90,000. */
export const MAX_VALUES = 100_000;
/** Number of requests after which a connection is closed, so that clients spread over several processes again. */
export const MAX_REQUESTS_PER_CONNECTION = 100_000;
