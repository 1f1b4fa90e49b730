import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { ApiClient } from '../support/api-client.js';
import { startTestApp } from '../support/test-app.js';
import { breakingChanges } from './breaking-changes.js';
import { type OpenApi } from './document.js';

const FILE = 'docs/openapi.json';
const committed = JSON.parse(readFileSync(FILE, 'utf8')) as OpenApi;

const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', maxBuffer: 1 << 26, stdio: 'pipe' });

/**
 * Returns the latest committed version of the document that differs from the current one; undefined without a history.
 */
function versionBefore(): OpenApi | undefined {
  try {
    const commits = git('log', '-2', '--format=%H', '--', FILE).trim().split('\n').filter(Boolean);
    const versions = commits.map((commit) => git('show', `${commit}:${FILE}`));
    const other = versions.find((version) => version !== readFileSync(FILE, 'utf8'));
    return other === undefined ? undefined : (JSON.parse(other) as OpenApi);
  } catch {
    return undefined;
  }
}

/** Returns the section "Breaking" of the unreleased changes in the changelog. */
function announced(): string {
  const unreleased = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m)[1] ?? '';
  return unreleased.split(/^### /m).find((section) => section.startsWith('Breaking')) ?? '';
}

describe('The committed OpenAPI document', () => {
  it('is what the server serves: npm run openapi writes it', async () => {
    const app = await startTestApp();
    try {
      const { body } = await new ApiClient(app.url, '').get('/openapi.json');
      expect(body).toEqual({ ...committed, servers: [{ url: app.url }] });
    } finally {
      await app.close();
    }
  });

  it('breaks no client of the version before, unless the changelog names the operation under Breaking', () => {
    const changes = breakingChanges(versionBefore() ?? committed, committed);
    expect(changes.filter((change) => !announced().includes(`\`${change.split(':', 1)[0]}\``))).toEqual([]);
  });
});
