import packageJson from '#package.json' with { type: 'json' };

/** Which program runs: told by `/health`, each log line, and `npm run cli -- --version`. */
export interface Product {
  /** The semantic version. */
  readonly version: string;
  /** The commit that was built, if the build knew it. */
  readonly commit?: string;
}

export const VERSION = packageJson.version;
