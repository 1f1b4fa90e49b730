import { AttributeQuery } from '#libs/custom-attributes/attribute-query.published.js';
import { Choice, Text } from '#libs/http/fields.js';
import { QueryInstant } from '#libs/http/instant-fields.js';
import { faultOfAddress, faultOfEmail } from '#libs/people/contact.js';
import { type EndUserOrder, ORDERS } from './end-user-search.js';

/** The query of a list. Filters may be combined; all of them must hold. */
export class ListEndUsersQuery extends AttributeQuery {
  @Text({
    description:
      'Only the end user with this e-mail address, primary or additional. Only one of `email`, `phone` and `externalId` may be sent.',
    example: 'alice@brown.example',
    max: 254,
    controls: true,
    fault: faultOfEmail,
    optional: true,
  })
  email?: string;

  @Text({
    description: 'Only the end user with this phone number, primary or additional.',
    example: '+4570123456',
    max: 40,
    controls: true,
    optional: true,
  })
  phone?: string;

  @Text({
    description: 'Only the end user with this external id, primary or additional.',
    example: 'crm-20417',
    fault: faultOfAddress,
    optional: true,
  })
  externalId?: string;

  @Text({
    description: 'Only end users whose display name begins with this text, without regard to case.',
    example: 'ali',
    max: 100,
    optional: true,
  })
  namePrefix?: string;

  @QueryInstant({
    description: 'Only end users created at or after this instant.',
    example: '2026-03-01T00:00:00Z',
    optional: true,
  })
  createdSince?: string;

  @QueryInstant({
    description: 'Only end users created before this instant.',
    example: '2026-04-01T00:00:00Z',
    optional: true,
  })
  createdUntil?: string;

  @QueryInstant({
    description: 'Only end users created or changed at or after this instant.',
    example: '2026-03-14T00:00:00Z',
    optional: true,
  })
  updatedSince?: string;

  @Choice({
    description:
      'The sort order, with `-` for descending. Default: `createdAt`. Names are compared without regard to case, by code point.',
    example: '-updatedAt',
    values: Object.keys(ORDERS),
    optional: true,
  })
  sort?: EndUserOrder;
}
