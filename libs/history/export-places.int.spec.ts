import fastify, { type FastifyInstance } from 'fastify';
import { type AuthenticatedRequest } from '#libs/http/request-context.js';
import { type DomainError } from '#libs/platform/domain-error.js';
import { waitFor } from '#libs/testing/wait-for.js';
import { EXPORTS, ExportPlaces } from './export-places.js';

/** A server whose answers end on command. */
let server: FastifyInstance;
let url: string;
let underWay = 0;
const { promise: end, resolve: endAll } = Promise.withResolvers<undefined>();
beforeAll(async () => {
  const places = new ExportPlaces();
  server = fastify();
  server.setErrorHandler<DomainError>((error, _request, reply) => reply.send([error.kind, error.details]));
  server.get<{ Params: { id: string } }>('/:id', async (request, reply) => {
    const caller = { organizationId: request.params.id };
    places.take(Object.assign(request, { caller }) as unknown as AuthenticatedRequest, reply);
    underWay += 1;
    await end;
    return ['taken'];
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const ask = async (id: string) => (await fetch(`${url}/${id}`)).json();

describe('Places for exports', () => {
  it('are for so many organizations, one for each; only beyond that, one without an export is refused', async () => {
    const all = Array.from({ length: EXPORTS.places }, (_, i) => ask(`organization${i}`));
    await waitFor(
      'all',
      () => underWay === EXPORTS.places,
      () => underWay,
    );
    expect(await ask('organization0')).toEqual(['too-many-requests', { retryAfterSeconds: 10 }]);
    expect(await ask('another')).toEqual(['unavailable', { retryAfterSeconds: 10 }]);
    endAll(undefined);
    expect(new Set((await Promise.all(all)).flat())).toEqual(new Set(['taken']));
    expect(await ask('another')).toEqual(['taken']);
  });
});
