import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const POOL_BYTES = 8192;
/** Version of algorithm and layout, to distinguish later ones. */
const PREFIX = 'v1.';

/**
 * Seals values with AES-256-GCM under the installation's master key. They open only with the same key and the same
 * context (where they belong), so a sealed value copied elsewhere is refused.
 */
export class Cipher {
  /** A key object, because converting bytes on each use would take three times as long as the use itself. */
  readonly #key: KeyObject;

  /** @param masterKey 32 bytes */
  constructor(masterKey: Buffer) {
    if (masterKey.length !== KEY_BYTES) throw new Error(`A master key has ${KEY_BYTES} bytes`);
    this.#key = createSecretKey(masterKey);
  }

  /** Returns a cipher under a derived key, for purposes that seal too often for the master key. */
  derived(purpose: string): Cipher {
    return new Cipher(Buffer.from(hkdfSync('sha256', this.#key, '', purpose, KEY_BYTES)));
  }

  seal(plaintext: string, context: string): string {
    const iv = randomBytesOf(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv).setAAD(Buffer.from(context));
    const sealed = Buffer.concat([iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return PREFIX + sealed.toString('base64url');
  }

  /** Throws when the key or the context is not the one that sealed the value, or the value was changed. */
  open(sealed: string, context: string): string {
    if (!sealed.startsWith(PREFIX)) throw new Error('Not a sealed value');
    const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV_BYTES))
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }
}

/** Random bytes for many values: drawing a few costs as much as drawing thousands. */
let pool = Buffer.alloc(0);

/** Returns random bytes, each of which is used once. */
export function randomBytesOf(length: number): Buffer {
  if (pool.length < length) pool = randomBytes(POOL_BYTES);
  const drawn = pool.subarray(0, length);
  pool = pool.subarray(length);
  return drawn;
}
