import { writeFile } from 'node:fs/promises';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { loadConfig } from '../config.js';
import { CoreModule } from '../core.module.js';
import { type Runtime } from '../runtime.js';
import { ApiModule } from './api.module.js';
import { openApiDocument } from './openapi.js';

/** `npm run openapi`: writes the OpenAPI document to the named file, sorted, without a database. */
const config = loadConfig({});
const runtime = { config } as Runtime;
// Nest's preview mode instantiates no class, so it needs no other part of the runtime.
const app = await NestFactory.create(CoreModule.forRoot(runtime, [ApiModule]), new FastifyAdapter(), {
  preview: true,
  abortOnError: false,
  logger: false,
});
const { paths, components, ...document } = openApiDocument(app, `http://${config.host}:${config.port}`);
const schemas = sorted(components?.schemas ?? {});
const text = JSON.stringify({ ...document, paths: sorted(paths), components: { ...components, schemas } }, null, 2);
await writeFile(process.argv[2] as string, `${text}\n`);

function sorted<T>(record: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}
