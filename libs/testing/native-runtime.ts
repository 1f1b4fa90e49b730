import { mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire, findSourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
/** Key of jest-circus' listeners to a file's tests. */
const LISTENERS = Symbol.for('EVENT_HANDLERS');

/**
 * Jest's runtime, on Node's own module loader: a process that runs test files loads the application and its libraries
 * once, not once for each file, which takes seconds. Module state therefore outlives a file; tests share nothing
 * because each makes what it needs.
 */
export default class NativeRuntime {
  unstable_shouldLoadAsEsm(): boolean {
    return true;
  }

  unstable_importModule(file: string): Promise<unknown> {
    return import(pathToFileURL(file).href);
  }

  requireModule(file: string): unknown {
    return require(file);
  }

  /** Loads Jest's own modules again for each file: they hold the state of that file's tests. */
  requireInternalModule(file: string): unknown {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the cache is an object that is keyed by file
    delete require.cache[file];
    return require(file);
  }

  setGlobalsForRuntime(globals: object): void {
    Object.assign(globalThis, globals);
  }

  getSourceMaps(): Map<string, string> {
    return new SourceMaps();
  }

  getAllCoverageInfoCopy(): undefined {
    return undefined;
  }

  enterTestCode(): void {}

  leaveTestCode(): void {}

  teardown(): void {
    Reflect.deleteProperty(globalThis, LISTENERS);
  }
}

/** Jest reads maps from files; those that Node holds are written on the first error. */
class SourceMaps extends Map<string, string> {
  override get(file: string): string | undefined {
    const known = super.get(file);
    const map = known === undefined && findSourceMap(file);
    if (!map) return known;
    const written = join(mkdtempSync(join(tmpdir(), 'deskstream-map-')), 'map');
    writeFileSync(written, JSON.stringify(map.payload));
    this.set(file, written);
    return written;
  }
}
