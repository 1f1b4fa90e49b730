import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { OperatorAlerts } from '../operator-alerts.js';
import { readLag } from './relay-metrics.js';

const EVERY_MS = 10_000;
/** Age of the oldest unread event from which on the relay is behind. */
const BEHIND_SECONDS = 20;

/** Tells the operator of a relay that is behind, also of one that stands still in another process. */
@Injectable()
export class RelayWatch extends PeriodicTask {
  constructor(
    private readonly database: WorkerDatabase,
    private readonly alerts: OperatorAlerts,
  ) {
    super('Watch of the relay', EVERY_MS);
  }

  async run(): Promise<void> {
    if (!this.alerts.areWanted) return;
    const { events, seconds } = await readLag(this.database);
    if (seconds > BEHIND_SECONDS) this.alerts.raise('relay.behind', { events, seconds: Math.round(seconds) });
  }
}
