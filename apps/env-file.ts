import { existsSync } from 'node:fs';

const FILE = '.env';

/** Reads the settings in `.env` of the working directory, if it is there. Variables that are set already win. */
export function loadEnvFile(): void {
  if (existsSync(FILE)) process.loadEnvFile(FILE);
}
