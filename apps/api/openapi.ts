import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { type FastifyRequest } from 'fastify';
import { originOf } from '#libs/http/origin.js';
import { VERSION } from '../product.js';
import { RESOURCES } from '#libs/resources/resources.js';
import { exampleErrors } from './error-examples.js';
import { documentRetries, RETRY_MODELS } from './retry-docs.js';
import { swaggerUiPlugin } from './swagger-ui-plugin.js';
import { nameVariants } from './variant-examples.js';
import { documentWebhooks } from './webhook-docs.js';

type PathItem = OpenAPIObject['paths'][string];
type Parameter = NonNullable<NonNullable<PathItem['get']>['parameters']>[number];

const DESCRIPTION = `Customer service for programs. Every change is recorded as an immutable event, and delivered to those who
subscribe to it.

Send your API token as \`Authorization: Bearer <token>\`; press **Authorize** to try the operations here.
Success answers \`{"data": …}\`; errors answer \`{"message": "…"}\` with a \`code\` and the \`requestId\`.
Any request can be refused for its size or form, with 408, 413, 414, 415 or 431.`;

/**
 * Returns the OpenAPI 3.1 document, made from controllers and DTOs.
 * @param server the origin that its paths are relative to
 */
export function openApiDocument(app: INestApplication, server: string): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Deskstream')
    .setVersion(VERSION)
    .setDescription(DESCRIPTION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer(server)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API token.' }, 'token')
    .addSecurityRequirements('token');
  for (const { group } of RESOURCES) builder.addTag(group.name, group.description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    extraModels: RETRY_MODELS,
    operationIdFactory: (controller, method) => `${controller.replace('Controller', '')}_${method}`,
  });
  for (const { get, patch, post } of Object.values(document.paths)) {
    const parameters = [get, patch, post].flatMap((operation) => operation?.parameters ?? []);
    for (const parameter of parameters) suggestNothing(parameter);
  }
  nameVariants(document);
  documentRetries(document);
  exampleErrors(document);
  documentWebhooks(document);
  return document;
}

/**
 * Moves a parameter's example into its schema's `examples`. Swagger UI still shows it there, but does not fill it in;
 * otherwise it would send all filters of a list at once.
 */
function suggestNothing(parameter: Parameter): void {
  if (!('in' in parameter) || parameter.in !== 'query' || parameter.required) return;
  const { schema } = parameter;
  if (!schema || '$ref' in schema) return;
  const suggested: unknown = parameter.example ?? schema.example;
  delete parameter.example;
  delete schema.example;
  if (suggested !== undefined) Object.assign(schema, { examples: [suggested] });
}

/**
 * Hides the vendor's bar, because the head of the document names product and version. Fits the page to the width of
 * phones.
 */
const PAGE_CSS = `
  .swagger-ui .topbar, .swagger-ui .response-col_links { display: none }
  .swagger-ui .response-folded { cursor: pointer }
  .swagger-ui .response-folded td { padding: 4px 0 }
  .swagger-ui .response-folded p { margin: 0 }
  .swagger-ui .response-folded button { background: none; border: 0; color: inherit; cursor: pointer; text-align: left }
  @media (max-width: 640px) {
    .swagger-ui .opblock-summary-description, .swagger-ui .info .base-url { display: none }
    .swagger-ui .opblock-summary-path { max-width: calc(100vw - 160px) }
    .swagger-ui table.parameters, .swagger-ui table.parameters > tbody, .swagger-ui table.parameters tr,
    .swagger-ui table.parameters td { display: block; width: auto }
    .swagger-ui table.parameters thead { display: none }
    .swagger-ui input[type='text'], .swagger-ui select, .swagger-ui textarea { max-width: 100%; min-width: 0; width: 100% }
    .swagger-ui .wrapper { padding: 0 10px }
    .swagger-ui .opblock-tag { flex-wrap: wrap }
    .swagger-ui .opblock-tag small { flex: 1 0 100%; padding: 0 }
    .swagger-ui .response-col_description .headers, .swagger-ui .response-col_description .headers * { display: block }
  }`;

/** Serves Swagger UI at `/docs` and the document at `/openapi.json`, for the public URL or the request's origin. */
export function serveOpenApi(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app, '/'), {
    jsonDocumentUrl: 'openapi.json',
    patchDocumentOnRequest: (request, _reply, document) => {
      return { ...document, servers: [{ url: originOf(request as FastifyRequest) ?? '/' }] };
    },
    customSiteTitle: 'Deskstream API',
    customCss: PAGE_CSS,
    swaggerOptions: {
      plugins: [swaggerUiPlugin],
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      docExpansion: 'none',
      defaultModelsExpandDepth: 0,
      filter: true,
      deepLinking: true,
      operationsSorter: 'alpha',
    },
  });
}
