import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformFileSync } from '@swc/core';

/**
 * Preloaded into the processes that run tests: Node itself then loads this project's TypeScript, compiled as in the
 * build.
 */
const isOurs = (url: string | undefined) => url?.endsWith('.ts') && !url.includes('/node_modules/');

registerHooks({
  resolve: (specifier, context, next) => {
    const source = /^\.{1,2}\/.*\.js$/.test(specifier) && isOurs(context.parentURL);
    const url = source && new URL(specifier.replace(/js$/, 'ts'), context.parentURL);
    return next(url && existsSync(url) ? url.href : specifier, context);
  },
  load: (url, context, next) => {
    if (!isOurs(url)) return next(url, context);
    const { code } = transformFileSync(fileURLToPath(url), { sourceMaps: 'inline' });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
process.setSourceMapsEnabled(true);
