import { Injectable } from '@nestjs/common';
import { Cipher } from '#libs/platform/cipher.js';
import { DomainError } from '#libs/platform/domain-error.js';

/**
 * Positions in the feed as clients hold them: sealed, because positions count the events of all organizations, and
 * valid for one organization.
 */
@Injectable()
export class FeedCursors {
  readonly #cipher: Cipher;

  constructor(cipher: Cipher) {
    this.#cipher = cipher.derived('feed cursor');
  }

  at(position: number, organizationId: string): string {
    return this.#cipher.seal(String(position), organizationId);
  }

  /** Returns the position. @throws {DomainError} `invalid` unless {@link at} made the cursor for this organization */
  positionOf(cursor: string, organizationId: string): number {
    try {
      return Number(this.#cipher.open(cursor, organizationId));
    } catch {
      throw new DomainError('invalid', 'Invalid value for: cursor (not a cursor of this feed)');
    }
  }
}
