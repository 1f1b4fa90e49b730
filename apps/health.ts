import { type Replica, type ReplicaLag } from '#libs/database/replica.js';
import { OutageError } from '#libs/platform/domain-error.js';
import { type Product } from './product.js';
import { type Runtime } from './runtime.js';
import { APPLIED, type Applied, faultOfSchema } from './schema-compatibility.js';

/** The response of a healthy process. */
export interface HealthAnswer extends Product {
  status: 'ok';
  /** How far the replica is behind. Absent if none is configured, or while it is unavailable. */
  replica?: ReplicaLag;
}

/** The health checks of a process, for load balancers and supervisors. */
export class Health {
  constructor(private readonly runtime: Pick<Runtime, 'config' | 'database' | 'replica' | 'draining'>) {}

  /** The process runs. Its database is not checked: a restart of the process would not help a database that is down. */
  live(): HealthAnswer {
    return { status: 'ok', ...this.runtime.config.product };
  }

  /** The replica that answers reads, if one is configured. */
  get replica(): Replica | undefined {
    return this.runtime.replica;
  }

  /**
   * The process works and is not stopping: load balancers may send requests.
   * @throws {OutageError}
   */
  async ready(): Promise<HealthAnswer> {
    const { database, draining } = this.runtime;
    if (draining.aborted) throw notReady('This process is stopping');
    await database.ping();
    const fault = faultOfSchema(await database.query<Applied>(null, { text: APPLIED }));
    if (fault) throw notReady(fault);
    return this.live();
  }
}

const RETRY_SECONDS = 1;

function notReady(reason: string): OutageError {
  return new OutageError(reason, RETRY_SECONDS);
}
