import { Injectable } from '@nestjs/common';
import { PeriodicTask } from '#libs/background/periodic-task.js';
import { WorkerDatabase } from '#libs/database/database.js';
import { OperatorAlerts } from '../operator-alerts.js';
import { readLag } from './relay-metrics.js';

const EVERY_MS = 10_000;
/** Minimum age of the oldest unread event for which the relay counts as behind. */
const BEHIND_SECONDS = 20;

/** Alerts the operator to a relay that is behind, also if it has stopped in another process. */
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
