import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Cipher } from '#libs/platform/cipher.js';
import { readOrCreateSecret } from '#libs/platform/secret-file.js';
import { StartupError } from '#libs/platform/startup-error.js';
import { type Config } from './config.js';
import { withClient } from './startup-connection.js';

const KEY_CHECK = 'deskstream';
const KEY_CONTEXT = 'installation';

/**
 * Returns the installation's cipher. The key comes from the configuration or from a file in the data directory, which
 * is created with the installation; a database that was set up with another key is refused.
 * @param create sets up a new installation, as the database's owner; false for processes that only use one
 */
export async function openCipher(config: Config, url: string, create: boolean): Promise<Cipher> {
  return withClient(url, create ? undefined : 'deskstream_app', async (client) => {
    const { rows } = await client.query<{ key_check: string }>('SELECT key_check FROM installation');
    if (!rows[0] && !create) throw notSetUp();
    const cipher = new Cipher(await masterKey(config, !rows[0]));
    if (rows[0]) verifyKey(cipher, rows[0].key_check, config);
    else await client.query('INSERT INTO installation (key_check) VALUES ($1)', [cipher.seal(KEY_CHECK, KEY_CONTEXT)]);
    return cipher;
  });
}

export function notSetUp(): StartupError {
  return new StartupError('The database has not been set up. Do so with: npm run migrate');
}

async function masterKey({ masterKey, dataDir }: Config, mayCreate: boolean): Promise<Buffer> {
  if (masterKey) return Buffer.from(masterKey, 'hex');
  const file = join(dataDir, 'master.key');
  const make = () => {
    if (!mayCreate) throw new StartupError(`The master key is missing. Restore ${file}, or set DESKSTREAM_MASTER_KEY.`);
    return randomBytes(32).toString('hex');
  };
  const key = (await readOrCreateSecret(file, make)).trim();
  if (!/^[0-9a-f]{64}$/i.test(key)) throw new StartupError(`The master key in ${file} is damaged. Restore that file.`);
  return Buffer.from(key, 'hex');
}

function verifyKey(cipher: Cipher, check: string, { masterKey, dataDir }: Config): void {
  try {
    cipher.open(check, KEY_CONTEXT);
  } catch {
    const source = masterKey ? 'DESKSTREAM_MASTER_KEY' : join(dataDir, 'master.key');
    throw new StartupError(`The master key in ${source} is not the one that this database was set up with.`);
  }
}
