import { urlsFor, withDatabase } from './database-urls.js';

const PASSWORDS = { ownerPassword: 'o', appPassword: 'a' };

describe('URLs of the embedded PostgreSQL', () => {
  it('name the socket’s folder, whatever its characters', () => {
    const { ownerUrl, appUrl } = urlsFor({ port: 5001, socketFolder: '/home/å b/&?#/postgres' }, PASSWORDS);
    expect(ownerUrl).toContain('postgres://deskstream_owner:o@127.0.0.1:5001/deskstream?host=%2Fhome%2F');
    expect(new URL(appUrl).searchParams.get('host')).toBe('/home/å b/&?#/postgres');
    expect(urlsFor({ port: 5001 }, PASSWORDS).appUrl).toBe('postgres://deskstream:a@127.0.0.1:5001/deskstream');
  });

  it('of other databases keep everything else', () => {
    const url = 'postgres://u:p%3F@127.0.0.1:5001/deskstream?host=%2Fhome%2Fa%20b';
    expect(withDatabase(url, 'postgres')).toBe('postgres://u:p%3F@127.0.0.1:5001/postgres?host=%2Fhome%2Fa%20b');
    expect(withDatabase('postgres://u@h/a', 'b')).toBe('postgres://u@h/b');
  });
});
