import { fileURLToPath } from 'node:url';
import { type NestFastifyApplication } from '@nestjs/platform-fastify';

/**
 * The relative path is the same in the source, in the build and in its bundles: all programs are in a folder beside it.
 */
const FILES = fileURLToPath(new URL('../console/', import.meta.url));

/**
 * Serves the operators' page at `/console`. The page needs no token itself: its requests to the API carry the reader's
 * token.
 */
export function serveConsole(app: NestFastifyApplication): void {
  app.useStaticAssets({
    root: FILES,
    prefix: '/console/',
    // A route for each file, so that other paths get the usual 404.
    wildcard: false,
    decorateReply: false,
    // With an ETag only, like responses of the API.
    cacheControl: false,
  });
}
