import { Command, Query } from '@nestjs/cqrs';

class CommandWithFields extends Command<unknown> {
  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
}

class QueryWithFields extends Query<unknown> {
  constructor(fields: object) {
    super();
    Object.assign(this, fields);
  }
}

/** Returns the base class of a command of the bus: it is made of its fields, and its handler returns `Answer`. */
export function command<Fields extends object, Answer = void>(): new (
  fields: Fields,
) => Command<Answer> & Readonly<Fields> {
  return CommandWithFields as unknown as new (fields: Fields) => Command<Answer> & Readonly<Fields>;
}

/** Returns the base class of a query of the bus: it is made of its fields, and its handler returns `Answer`. */
export function query<Fields extends object, Answer>(): new (fields: Fields) => Query<Answer> & Readonly<Fields> {
  return QueryWithFields as unknown as new (fields: Fields) => Query<Answer> & Readonly<Fields>;
}
