import packageJson from '#package.json' with { type: 'json' };

/** The running program, as `/health`, each log line and `npm run cli -- --version` show it. */
export interface Product {
  /** The semantic version. */
  readonly version: string;
  /** The commit that was built, if it is known. */
  readonly commit?: string;
}

export const VERSION = packageJson.version;
