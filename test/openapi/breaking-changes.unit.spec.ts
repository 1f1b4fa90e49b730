import { breakingChanges } from './breaking-changes.js';
import { type Schema } from './document.js';

const before = () => ({
  paths: {
    '/v1/tags': {
      post: {
        operationId: 'Tags_create',
        parameters: [{ name: 'dryRun', in: 'query', schema: { type: 'boolean' } as Schema }],
        requestBody: { required: false, content: { 'application/json': { schema: ref('Input') } } },
        responses: { 200: { content: { 'application/json': { schema: ref('Output') } } } } as Record<string, object>,
      },
    },
  } as Record<string, any>,
  components: {
    schemas: {
      Input: object({ name: { type: 'string', maxLength: 10 }, kind: { type: 'string', enum: ['A', 'B'] } }, ['name']),
      Output: object({ id: { type: 'string' }, kind: { type: 'string', enum: ['A'] }, parent: ref('Output') }, ['id']),
    } as Record<string, any>,
  },
});

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function object(properties: Record<string, Schema>, required: string[]): Schema {
  return { type: 'object', properties, required };
}

/** Returns what a change of the document breaks. */
function broken(change: (document: ReturnType<typeof before>) => void): string[] {
  const after = before();
  change(after);
  return breakingChanges(before(), after);
}

describe('A client', () => {
  it.each<[string, (document: ReturnType<typeof before>) => void]>([
    ['is gone', ({ paths }) => delete paths['/v1/tags']],
    ['is gone', ({ paths }) => delete paths['/v1/tags'].post],
    ['parameter dryRun is gone', ({ paths }) => (paths['/v1/tags'].post.parameters = [])],
    ['parameter dryRun is required now', ({ paths }) => (paths['/v1/tags'].post.parameters[0].required = true)],
    [
      'parameter dryRun is of another type',
      ({ paths }) => (paths['/v1/tags'].post.parameters[0].schema.type = 'string'),
    ],
    ['the body is required now', ({ paths }) => (paths['/v1/tags'].post.requestBody.required = true)],
    ['answer 200 is gone', ({ paths }) => delete paths['/v1/tags'].post.responses[200]],
    ['body.name is gone', ({ components }) => delete components.schemas.Input.properties.name],
    ['body.kind is required now', ({ components }) => components.schemas.Input.required.push('kind')],
    ['body.kind is never B now', ({ components }) => components.schemas.Input.properties.kind.enum.pop()],
    [
      'body.name has a narrower maxLength',
      ({ components }) => (components.schemas.Input.properties.name.maxLength = 9),
    ],
    [
      'body.name has a narrower minLength',
      ({ components }) => (components.schemas.Input.properties.name.minLength = 1),
    ],
    ['body.name has a narrower format', ({ components }) => (components.schemas.Input.properties.name.format = 'uri')],
    ['answer 200.kind is gone', ({ components }) => delete components.schemas.Output.properties.kind],
    ['answer 200.kind is never A now', ({ components }) => (components.schemas.Output.properties.kind.enum = ['B'])],
    ['answer 200.id is not always there now', ({ components }) => (components.schemas.Output.required = [])],
    [
      'answer 200.id is of another type',
      ({ components }) => (components.schemas.Output.properties.id.type = ['string', 'null']),
    ],
  ])('is broken when what it knew %s', (change, by) => {
    expect(broken(by)).toEqual([`POST /v1/tags: ${change}`]);
  });

  it.each<[string, (document: ReturnType<typeof before>) => void]>([
    ['an operation', ({ paths }) => (paths['/v1/more'] = paths['/v1/tags'])],
    [
      'a field of an input that may be left out',
      ({ components }) => (components.schemas.Input.properties.more = { type: 'string' }),
    ],
    ['a field of an answer', ({ components }) => components.schemas.Output.required.push('kind')],
    ['a wider limit', ({ components }) => (components.schemas.Input.properties.name.maxLength = 11)],
    [
      'a null that an input takes',
      ({ components }) => (components.schemas.Input.properties.name.type = ['string', 'null']),
    ],
  ])('is not broken by %s', (_, by) => {
    expect(broken(by)).toEqual([]);
  });
});
