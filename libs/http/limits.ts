/** What a request may be at most. docs/operations.md lists these, and what is answered beyond. */
export const MAX_BODY_BYTES = 1024 * 1024;
/** Request line and headers together. */
export const MAX_HEADER_BYTES = 16 * 1024;
export const MAX_URL_LENGTH = 8 * 1024;
/** A path parameter that is neither a UUID nor a number. */
export const MAX_PARAMETER_LENGTH = 255;
/** Query parameters that an answer tells to have been ignored, and the characters of each. */
export const MAX_IGNORED_PARAMETERS = 20;
export const MAX_IGNORED_LENGTH = 100;
/** Arrays and objects within one another. */
export const MAX_DEPTH = 32;
/** Keys of one object; one that comes twice counts twice. */
export const MAX_KEYS = 1_000;
/** Items of one array: more than any field takes, so that a field that takes fewer can say so itself. */
export const MAX_ITEMS = 2_000;
/** Arrays and objects of a body. A bulk request of the most items that are as full as they can be has 5,000. */
export const MAX_CONTAINERS = 10_000;
/** Values of a body, at any depth. The same request has 90,000. */
export const MAX_VALUES = 100_000;
/** Then the connection is closed, so that clients spread anew over several processes. */
export const MAX_REQUESTS_PER_CONNECTION = 100_000;
