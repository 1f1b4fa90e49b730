import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { type Type } from '@nestjs/common';
import { named } from '#libs/http/endpoint.js';
import { Checked, Choices, faultOfText, Texts, Uuids, Whole } from '#libs/http/fields.js';
import { Instant } from '#libs/http/instant-fields.js';
import { Variant } from '#libs/http/nested-fields.js';
import { MAX_SEARCHED_VALUE } from '#libs/custom-attributes/searched-values.published.js';

/** Maximum number of values of a condition. */
const MAX_VALUES = 100;
const ID = EXAMPLE_IDS.tag;
const LIST = { maxItems: MAX_VALUES, repeatable: true, optional: true };
const VALUES = 'The values.';

/** Returns the class of an operator without operands. */
function plain(type: string, description: string): Type {
  class Operator {
    @Variant(type, description)
    _type: string;
  }
  return named(type, Operator);
}

/** Returns the class of an operator with values. @param kind what the name of its schema begins with */
function listed(kind: string, type: string, description: string, Values: () => PropertyDecorator): Type {
  class Operator {
    @Variant(type, description)
    _type: string;

    @Values()
    values?: unknown[];
  }
  return named(`${kind}${type}`, Operator);
}

const EMPTINESS = {
  IsEmpty: plain('IsEmpty', 'There is no value.'),
  IsNotEmpty: plain('IsNotEmpty', 'There is a value.'),
};

function membership(kind: string, Values: () => PropertyDecorator) {
  return {
    IsOneOf: listed(kind, 'IsOneOf', 'The value is one of these.', Values),
    IsNotOneOf: listed(kind, 'IsNotOneOf', 'The value is none of these, or there is none.', Values),
  };
}

const ids = () => Uuids({ description: VALUES, example: [ID], ...LIST });
const names = (values: string[], example: string) => () => Choices({ description: VALUES, values, example: [example] });

const MAX_CONVERSATION_ID = 15;
const numbers = () =>
  Texts({
    description: 'The conversation numbers, as texts.',
    example: ['1042'],
    max: MAX_CONVERSATION_ID,
    fault: (value) => (/^\d+$/.test(value) ? undefined : 'must be the number of a conversation, such as "1042"'),
    ...LIST,
  });

const MAX_DEPTH = 20;
const paths = () =>
  Checked({
    description:
      'The values: `[text]` for a text; for a Select, the path of an option from the root on, or its beginning.',
    example: [['Paid', 'Gold']],
    schema: {
      type: 'array',
      maxItems: MAX_VALUES,
      items: {
        type: 'array',
        minItems: 1,
        maxItems: MAX_DEPTH,
        items: { type: 'string', minLength: 1, maxLength: MAX_SEARCHED_VALUE },
      },
    },
    fault: faultOfPaths,
    optional: true,
  });

function faultOfPaths(paths: unknown): string | undefined {
  if (!Array.isArray(paths)) return 'must be an array';
  if (paths.length > MAX_VALUES) return `must have at most ${MAX_VALUES} items`;
  for (const [index, path] of paths.entries()) {
    if (!Array.isArray(path) || path.length === 0 || path.length > MAX_DEPTH) {
      return `[${index}] must be an array of 1 to ${MAX_DEPTH} texts, such as ["Paid", "Gold"]`;
    }
    for (const [depth, text] of path.entries()) {
      const fault = faultOfText(text, { max: MAX_SEARCHED_VALUE, controls: true });
      if (fault) return `[${index}][${depth}] ${fault}`;
    }
  }
  return undefined;
}

class Between {
  @Variant('Between', 'Within a period.')
  _type: 'Between';

  @Instant({ description: 'The beginning of the period.', example: '2026-03-01T00:00:00Z' })
  timestampFrom: string;

  @Instant({ description: 'The end of the period, which is exclusive.', example: '2026-04-01T00:00:00Z' })
  timestampTo: string;
}

class Since {
  @Variant('Since', 'At an instant or later.')
  _type: 'Since';

  @Instant({ description: 'The instant.', example: '2026-03-01T00:00:00Z' })
  timestamp: string;
}

class Until {
  @Variant('Until', 'Before an instant.')
  _type: 'Until';

  @Instant({ description: 'The instant.', example: '2026-04-01T00:00:00Z' })
  timestamp: string;
}

const Seconds = (description: string, example: number) => Whole({ description, example, max: Number.MAX_SAFE_INTEGER });

class DurationBetween {
  @Variant('Between', 'Within two durations, inclusive.')
  _type: 'Between';

  @Seconds('The shortest duration in seconds.', 60)
  min: number;

  @Seconds('The longest duration in seconds.', 3600)
  max: number;
}

class LongerThanOrEqualTo {
  @Variant('LongerThanOrEqualTo', 'At least this duration.')
  _type: 'LongerThanOrEqualTo';

  @Seconds('The duration in seconds.', 3600)
  duration: number;
}

class ShorterThanOrEqualTo {
  @Variant('ShorterThanOrEqualTo', 'At most this duration.')
  _type: 'ShorterThanOrEqualTo';

  @Seconds('The duration in seconds.', 3600)
  duration: number;
}

/** The operators of fields, by kind of field. */
export const HAS_ID = membership('Id', ids);
export const MAY_HAVE_ID = { ...EMPTINESS, ...HAS_ID };
export const HAS_NUMBER = membership('Number', numbers);
export const HAS_NAME = (kind: string, values: string[], example: string) => membership(kind, names(values, example));
export const MAY_HAVE_PATH = { ...EMPTINESS, ...membership('Path', paths) };
export const HAS_INSTANT = { Between, Since, Until };
export const HAS_DURATION = { Between: DurationBetween, LongerThanOrEqualTo, ShorterThanOrEqualTo };
export const MAY_HAVE_IDS = {
  ...EMPTINESS,
  IncludesOne: listed('', 'IncludesOne', 'The conversation has at least one of these.', ids),
  IncludesAll: listed('', 'IncludesAll', 'The conversation has all of these.', ids),
  ExcludesOne: listed('', 'ExcludesOne', 'The conversation lacks at least one of these.', ids),
  ExcludesAll: listed('', 'ExcludesAll', 'The conversation has none of these.', ids),
};
