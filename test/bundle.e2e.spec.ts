import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openCipher } from '#apps/master-key.js';
import { loadConfig } from '#apps/config.js';
import { createTestDatabase } from '#libs/testing/test-database.js';
import { launch } from './support/launch.js';

describe('The bundled API', () => {
  it('serves the document and the console of its source, and a plug-in of Swagger UI that needs nothing of the bundle', async () => {
    const DESKSTREAM_MASTER_KEY = randomBytes(32).toString('hex');
    const database = await createTestDatabase();
    await openCipher(loadConfig({ DESKSTREAM_MASTER_KEY }), database.ownerUrl, true);
    const env = { PORT: '0', HOST: '127.0.0.1', DATABASE_URL: database.appUrl, DESKSTREAM_MASTER_KEY };
    const launched = launch(['dist/apps/api/main.js'], env);
    try {
      const [, url = ''] = await launched.told(/"url":"(http:[^"]+)"/);
      const document: unknown = await (await fetch(new URL('/openapi.json', url))).json();
      const committed = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as object;
      expect(document).toEqual({ ...committed, servers: [{ url: new URL(url).origin }] });
      const init = await (await fetch(new URL('/docs/swagger-ui-init.js', url))).text();
      expect(init).toContain('resolveSubtree(');
      expect(init).not.toContain('__name');
      expect(await (await fetch(new URL('/console', url))).text()).toContain('<title>Deskstream console</title>');
    } finally {
      await launched.end('SIGTERM');
      await database.drop();
    }
  });
});
