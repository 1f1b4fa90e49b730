import { randomInt } from 'node:crypto';
import { type OpenApi } from '../openapi/document.js';
import { Fuzzer } from './fuzzer.js';
import { World } from './world.js';

const SEED = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const RUNS = Number(process.env.FUZZ_RUNS ?? 5_000);

let world: World;
beforeAll(async () => {
  world = await World.create();
});
afterAll(() => world.app.close());

describe(`Whatever is sent (replay: npm run test:fuzz -- --seed=${SEED} --runs=${RUNS})`, () => {
  it(
    'is answered as the document says, and refused where it says so',
    async () => {
      const document = (await world.client('member').get('/openapi.json')).body as OpenApi;
      const fuzzer = new Fuzzer(world, document);
      await fuzzer.run(SEED, RUNS);
      const shown = [...fuzzer.findings].map(([problem, { path, query, body, answer }]) =>
        [problem, JSON.stringify({ path, query, body }), JSON.stringify(answer.body)].join('\n  ').slice(0, 5_000),
      );
      expect(shown).toEqual([]);
      const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
      const reached = operations.filter(({ operationId }) => fuzzer.successes.has(operationId));
      expect(reached.length / operations.length).toBeGreaterThan(0.8);
    },
    600_000 + RUNS * 20,
  );
});
