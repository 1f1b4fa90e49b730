import { Setting, Whole } from '#libs/platform/settings.js';

/** The variables of presence. */
export class PresenceSettings {
  @Setting(
    'How long an agent counts as online without a heartbeat, 5 to 86400. Send heartbeats more often than every three quarters of it. Use the same value for API and workers.',
  )
  @Whole(5, 86_400)
  PRESENCE_TIMEOUT_SECONDS = 300;
}
