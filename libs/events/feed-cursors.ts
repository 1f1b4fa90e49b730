import { Injectable } from '@nestjs/common';
import { Cipher } from '#libs/platform/cipher.js';
import { DomainError } from '#libs/platform/domain-error.js';

/**
 * Positions in the feed as clients hold them: sealed, for positions are counted across all organizations and are nobody's
 * business, and for one organization.
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

  /** @throws {DomainError} `invalid` unless {@link at} has made it for this organization */
  positionOf(cursor: string, organizationId: string): number {
    try {
      return Number(this.#cipher.open(cursor, organizationId));
    } catch {
      throw new DomainError('invalid', 'Invalid value for: cursor (not a cursor of this feed)');
    }
  }
}
