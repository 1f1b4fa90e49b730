import { attributePart } from '#libs/custom-attributes/searched-values.published.js';
import { type EndUser } from './end-user.rules.js';

/** The read table of the values by which end users are found. */
export const VALUES = { table: 'end_user_attributes', owner: 'end_user_id' };

export const valuesPart = attributePart<EndUser>(VALUES);
