import { Injectable } from '@nestjs/common';
import { type CountryCode } from 'libphonenumber-js/max';
import { LRUCache } from 'lru-cache';
import { Database } from '#libs/database/database.js';
import { type RepliesToClosed } from './organization.rules.js';

/** The settings of an organization that other resources use. */
export interface Settings {
  /** The country of phone numbers without a country code; if it is absent, such numbers are refused. */
  defaultRegion: CountryCode | undefined;
  /** What an end user's message in a closed conversation does. */
  repliesToClosed: RepliesToClosed;
}

interface SettingsRow {
  default_region: CountryCode | null;
  replies_to_closed: RepliesToClosed | null;
}

/** Reads the settings of organizations. A change takes effect within the time to live of the cache. */
@Injectable()
export class OrganizationSettings {
  readonly #known = new LRUCache<string, Settings>({ max: 10_000, ttl: 5_000 });

  constructor(private readonly database: Database) {}

  async of(organizationId: string): Promise<Settings> {
    const known = this.#known.get(organizationId);
    if (known) return known;
    const select = {
      text: 'SELECT default_region, replies_to_closed FROM organizations WHERE organization_id = $1',
      values: [organizationId],
    };
    // Writes will use the cached settings.
    const [row] = await this.database.latest(() => this.database.query<SettingsRow>(organizationId, select));
    const settings = {
      defaultRegion: row?.default_region ?? undefined,
      repliesToClosed: row?.replies_to_closed ?? 'Reopen',
    };
    this.#known.set(organizationId, settings);
    return settings;
  }
}
