import { fileURLToPath } from 'node:url';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';

/** The same in the source, in the build and in its bundles: all programs lie in a folder beside it. */
const FILES = fileURLToPath(new URL('../console/', import.meta.url));

/** Serves the operators' page at `/console`. It needs no token itself: its requests to the API carry the reader's. */
export function serveConsole(app: NestFastifyApplication): void {
  app.useStaticAssets({
    root: FILES,
    prefix: '/console/',
    // A route for each file: what does not exist is answered like everywhere else.
    wildcard: false,
    decorateReply: false,
    // With an ETag alone, as answers of the API.
    cacheControl: false,
  });
}
