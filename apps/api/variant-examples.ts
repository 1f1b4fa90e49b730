import { type OpenAPIObject } from '@nestjs/swagger';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** Names an example of each variant of a body: Swagger UI would offer only the first. */
export function nameVariants({ paths, components }: OpenAPIObject): void {
  for (const { post } of Object.values(paths)) {
    if (!post?.requestBody || !('content' in post.requestBody)) continue;
    const content = post.requestBody.content['application/json'];
    if (!content?.schema || !('discriminator' in content.schema)) continue;
    const variants = Object.entries(content.schema.discriminator?.mapping ?? {});
    content.examples = Object.fromEntries(
      variants.map(([name, reference]) => [name, { value: exampleOf(reference, components?.schemas ?? {}) }]),
    );
  }
}

/** Returns the examples of a schema's fields as one object. */
function exampleOf(reference: string, schemas: Schemas): object {
  const { properties = {} } = schemas[reference.split('/').at(-1) ?? ''] as Extract<
    Schemas[string],
    { type?: unknown }
  >;
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]): [string, unknown][] =>
      'example' in field && field.example !== undefined ? [[name, field.example]] : [],
    ),
  );
}
