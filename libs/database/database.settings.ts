import { IsBoolean, IsOptional, IsUrl, ValidateBy } from 'class-validator';
import { AsBoolean, Setting, Whole } from '#libs/platform/settings.js';

/** Returns the login of a URL; undefined if it is not a URL. */
const loginOf = (url: unknown) => (typeof url === 'string' && URL.canParse(url) ? new URL(url).username : undefined);
const POSTGRES_URL = { protocols: ['postgres', 'postgresql'], require_tld: false, require_protocol: true };

/** The variables of PostgreSQL. */
export class DatabaseSettings {
  @Setting(
    "The database, with the application's login: `postgres://user:password@host:5432/database`. Without it, `npm start` runs the embedded PostgreSQL.",
  )
  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_URL must look like postgres://user:password@host:5432/database' })
  DATABASE_URL?: string;

  @Setting(
    "The same database with its owner's login, for `migrate` and `rebuild`. The serving processes do not need it.",
  )
  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_OWNER_URL must look like postgres://user:password@host:5432/database' })
  DATABASE_OWNER_URL?: string;

  @Setting(
    'The same database with a separate login for the workers, see [Two logins](#two-logins). Used by `migrate`, `npm start` and the workers; the API does not need it.',
  )
  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_WORKER_URL must look like postgres://user:password@host:5432/database' })
  @ValidateBy({
    name: 'apart',
    validator: {
      validate: (url, args) => {
        const other = loginOf((args?.object as DatabaseSettings).DATABASE_URL);
        return other !== undefined && other !== loginOf(url);
      },
      defaultMessage: () => 'DATABASE_WORKER_URL must have its own login, and DATABASE_URL must be set',
    },
  })
  DATABASE_WORKER_URL?: string;

  @Setting(
    'A hot standby of `DATABASE_URL`, with a login as there, that answers lists, searches, histories and exports. See [Replicas](scaling.md#replicas).',
  )
  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_REPLICA_URL must look like postgres://user:password@host:5432/database' })
  DATABASE_REPLICA_URL?: string;

  @Setting(
    'Maximum age of what the standby answers, in milliseconds, 300 to 60000. If it is older, the primary answers.',
  )
  @Whole(300, 60_000)
  DATABASE_REPLICA_MAX_LAG_MS = 1_000;

  @Setting(
    'The address of PostgreSQL itself when the URLs above lead to a pooler such as PgBouncer, see [PgBouncer](#pgbouncer): `postgres://host:5432/database`. The logins are those of the other URLs.',
  )
  @IsOptional()
  @IsUrl(POSTGRES_URL, { message: 'DATABASE_DIRECT_URL must look like postgres://host:5432/database' })
  @ValidateBy({
    name: 'pooled',
    validator: {
      validate: (_, args) => (args?.object as DatabaseSettings).DATABASE_URL !== undefined,
      defaultMessage: () => 'DATABASE_DIRECT_URL must be set with DATABASE_URL only, which then leads to the pooler',
    },
  })
  DATABASE_DIRECT_URL?: string;

  @Setting(
    'Whether connections keep prepared statements: `true`, or `false` for a pooler that does not support them, such as PgBouncer before 1.21.',
  )
  @AsBoolean
  @IsBoolean({ message: 'DATABASE_PREPARED_STATEMENTS must be true or false' })
  DATABASE_PREPARED_STATEMENTS = true;

  @Setting('Connections per pool, 1 to 200.')
  @Whole(1, 200)
  DATABASE_POOL_SIZE = 10;
}
