/** The import rules: who may import whom. */

/** The layers below the resources, lowest first. A folder may import from its own layer and from those below. */
const GROUND = [
  ['platform', 'embedded-postgres'],
  ['database'],
  ['event-store'],
  ['background'],
  ['http'],
  ['people', 'webhooks/events'],
];
/** The layers of the resources and of the layers above them. A folder that is not named here is a resource of its own. */
const UPPER = [
  ['organizations', 'tags', 'custom-attributes', 'contact-endpoints', 'agents'],
  ['teams', 'end-users'],
  ['queues'],
  ['conversations', 'webhooks'],
  ['anonymization', 'events'],
  ['history', 'lifecycle'],
];
const LAYERS = [...GROUND, ...UPPER];

/** The list of resources: every folder may ask it, and it knows them all. */
const LIST = '^libs/resources/';
const TESTS = '\\.(spec|samples)\\.ts$|^libs/testing/|^test/';
const RESOURCES = `^libs/(?!(${GROUND.flat().join('|')}|resources|testing)/)`;
/** What a resource lets others import: rules, the stream's definition, what the API shows, guards and look-ups. */
const PUBLISHED = '\\.(rules|stream|shown|published)\\.ts$';

const inside = (folders) => `^libs/(${folders.join('|')})/`;

/** What nothing of a layer may import: all layers above it. `webhooks/events` is below the rest of `webhooks`. */
function layerRule(layer, index) {
  const [below, above] = [LAYERS.slice(0, index + 1).flat(), LAYERS.slice(index + 1).flat()];
  return {
    name: `layer-of-${layer[0].replace('/', '-')}`,
    comment: 'a folder imports from its own layer and from those below',
    severity: 'error',
    from: { path: inside(layer), pathNot: TESTS },
    to: { path: inside(above), pathNot: inside(below) },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'libs-know-no-apps',
      comment: 'apps wire libs together, never the other way round',
      severity: 'error',
      from: { path: '^libs/', pathNot: TESTS },
      to: { path: '^(apps|migrations|test)/' },
    },
    ...LAYERS.slice(0, -1).map(layerRule),
    {
      name: 'ground-knows-no-resource',
      comment: 'layers below the resources know neither resources nor their list',
      severity: 'error',
      from: { path: inside(GROUND.flat()), pathNot: TESTS },
      to: { path: [RESOURCES, LIST] },
    },
    {
      name: 'store-knows-no-http',
      severity: 'error',
      from: { path: '^libs/event-store/', pathNot: TESTS },
      to: { path: 'node_modules/(@nestjs|fastify|class-validator|bullmq)' },
    },
    {
      name: 'resources-share-what-they-publish',
      comment: 'resources import of each other only what a file is named for: x.rules, x.stream, x.shown, x.published',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: [TESTS, inside(GROUND.flat()), LIST] },
      to: { path: RESOURCES, pathNot: ['^libs/$1/', PUBLISHED] },
    },
    {
      name: 'delivery-knows-what-is-published',
      comment: 'the worker of webhooks imports of the other rooms only what they publish',
      severity: 'error',
      from: { path: '^libs/webhooks/delivery/', pathNot: TESTS },
      to: { path: '^libs/webhooks/[^/]+/', pathNot: ['^libs/webhooks/delivery/', PUBLISHED] },
    },
    {
      name: 'rules-are-pure',
      comment: 'commands, events, decide and evolve need neither Nest nor a database',
      severity: 'error',
      from: { path: '\\.rules\\.ts$' },
      to: {
        path: 'node_modules|^libs/',
        pathNot: [
          '\\.rules\\.ts$',
          '^libs/event-store/event\\.ts$',
          '^libs/platform/(domain-error|did-you-mean|changes|channels|rate-limits|scopes|text|uuid|values)\\.ts$',
          '^libs/people/(contact|person)\\.ts$',
        ],
      },
    },
    {
      name: 'tests-stay-out',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: TESTS },
      to: { path: TESTS },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^(apps|libs|migrations)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '^dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};
