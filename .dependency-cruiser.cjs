/** The walls of the house: who may import whom. */
const RESOURCES = '^libs/(?!(platform|event-store|embedded-postgres|testing|resources)/)';
const TESTS = '\\.spec\\.ts$|^libs/testing/|^test/';

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
    {
      name: 'store-knows-no-resource',
      comment: 'the event store stands on the database alone',
      severity: 'error',
      from: { path: '^libs/event-store/', pathNot: TESTS },
      to: {
        path: '^libs/',
        pathNot:
          '^libs/(event-store/|platform/(database|batch|cipher|grouping|masked|domain-error|json-text|merged-statements|turns|twins|unavailable)\\.ts)',
      },
    },
    {
      name: 'store-knows-no-http',
      severity: 'error',
      from: { path: '^libs/event-store/', pathNot: TESTS },
      to: { path: 'node_modules/(@nestjs|fastify|class-validator|bullmq)' },
    },
    {
      name: 'platform-knows-no-resource',
      severity: 'error',
      from: { path: '^libs/(platform|embedded-postgres)/', pathNot: TESTS },
      to: { path: [RESOURCES, '^libs/resources/'] },
    },
    {
      name: 'resources-share-events-only',
      comment: 'of another resource only its events and its stream may be known',
      severity: 'error',
      from: { path: '^libs/([^/]+)/', pathNot: `${TESTS}|^libs/(platform|event-store|embedded-postgres|resources)/` },
      to: { path: RESOURCES, pathNot: '^libs/$1/|^libs/[^/]+/[^/.]+(\\.projection)?\\.ts$' },
    },
    {
      name: 'rules-are-pure',
      comment: 'commands, events, decide and evolve need neither Nest nor a database',
      severity: 'error',
      from: {
        path: '^libs/(agents/(agent|presence)|anonymization/anonymization|conversations/(decide-|evolve-)?conversation|custom-attributes/(custom-attribute|options)|end-users/(end-user|merge)|organizations/(api-token|organization)|queues/queue|tags/tag|teams/team|webhooks/(recovery|subscription))\\.ts$',
      },
      to: {
        path: 'node_modules|^libs/',
        pathNot:
          '^libs/event-store/event\\.ts|^libs/platform/(domain-error|did-you-mean|changes|channels|contact|person|rate-limits|scopes|text|values)\\.ts|^libs/webhooks/filters\\.ts|^libs/custom-attributes/(custom-attribute|options)\\.ts|^libs/conversations/conversation\\.ts|^libs/end-users/end-user\\.ts|^libs/organizations/api-token\\.ts',
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
