import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';
import { Gauge } from 'prom-client';

/** The version of this program, and the commit that it was built from; `unknown` if the build did not know it. */
export interface BuildInfo {
  version: string;
  commit: string;
}

/** Reads what the build noted. */
export function readBuildInfo(): BuildInfo {
  const file = findPackageJSON(import.meta.url) as string;
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return { version, commit: commitOf(join(file, '../dist/commit')) };
}

/** @param file that `bundle.mjs` writes */
function commitOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}

/** Exports what this process runs. Call it once per process. */
export function exportBuildInfo(): void {
  const labelNames = ['version', 'commit'] as const;
  const help = 'The version that this process runs, and the commit that it was built from: 1.';
  new Gauge({ name: 'deskstream_build_info', help, labelNames }).set({ ...readBuildInfo() }, 1);
}
