import { Gauge } from 'prom-client';
import { type Product } from './product.js';

/** Exports the version that this process runs. Call it once per process. */
export function exportBuildInfo({ version, commit = 'unknown' }: Product): void {
  const labelNames = ['version', 'commit'] as const;
  const help = 'The version that this process runs, and the commit that it was built from: 1.';
  new Gauge({ name: 'deskstream_build_info', help, labelNames }).set({ version, commit }, 1);
}
