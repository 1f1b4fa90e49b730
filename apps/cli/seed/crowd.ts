import { agentStream } from '#libs/agents/agent.stream.js';
import { endUserStream } from '#libs/end-users/end-user.stream.js';
import { EXAMPLE_IDS } from '#libs/platform/example-ids.js';
import { queueStream } from '#libs/queues/queue.stream.js';
import { tagStream } from '#libs/tags/tag.stream.js';
import { teamStream } from '#libs/teams/team.stream.js';
import { AGENTS, NAMES, TEAMS } from './people.js';
import { type Planned, planned } from './planned.js';
import { idOf, Random } from './random.js';
import { TAGS } from './talk.js';

/** Number of end users, with the two of the examples and the one that is anonymized. */
const END_USERS = 200;
const OF_EXAMPLES = 3;
const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], middleNames: [] };

/** The ids of the demo agents. */
export const AGENT_IDS = [EXAMPLE_IDS.agent, ...AGENTS.map(([name]) => idOf(name))];
export const END_USER_IDS = [
  EXAMPLE_IDS.endUser,
  ...Array.from({ length: END_USERS - OF_EXAMPLES }, (_, index) => idOf(`end user ${index}`)),
];
export const QUEUES = ['Billing', 'Orders', 'Technical support'].map((name) => ({ id: idOf(`queue ${name}`), name }));

/** Plans everybody besides the entities of the examples. */
export function crowd(): Planned[] {
  return [agents(), teams(), queues(), tags(), endUsers()];
}

function agents(): Planned {
  return planned(
    agentStream,

    AGENTS.map(([displayName], index) => {
      const id = idOf(displayName);
      const email = `agent${index + 2}@acme.example`;
      return [id, [{ type: 'CreateAgent' as const, id, email, settings: { ...NOBODY, displayName } }]];
    }),
  );
}

/** The first team is that of the examples. */
function teams(): Planned {
  return planned(
    teamStream,

    TEAMS.slice(1).map((name, index) => {
      const id = idOf(`team ${name}`);
      const agentIds = AGENTS.flatMap(([agent, team]) => (team === index + 1 ? idOf(agent) : []));
      return [
        id,
        [
          { type: 'CreateTeam' as const, id, name },
          { type: 'AddTeamMembers' as const, id, agentIds, members: [], missing: [] },
        ],
      ];
    }),
  );
}

function queues(): Planned {
  return planned(
    queueStream,

    QUEUES.map(({ id, name }, index) => {
      const agentIds = AGENT_IDS.filter((_, place) => place % QUEUES.length === index);
      const settings = { name, isDefault: false, callFunctionality: false, isDoNotOfferEnabled: false };
      return [
        id,
        [
          { type: 'CreateQueue' as const, id, settings },
          { type: 'AssignQueueMembers' as const, id, agentIds, members: [], missing: [] },
        ],
      ];
    }),
  );
}

function tags(): Planned {
  return planned(
    tagStream,

    TAGS.map(([name, color]) => [
      idOf(`tag ${name}`),
      [{ type: 'CreateTag' as const, id: idOf(`tag ${name}`), name, color }],
    ]),
  );
}

function endUsers(): Planned {
  const random = new Random(1);
  return planned(
    endUserStream,

    END_USER_IDS.slice(1).map((id, index) => {
      const { first, last, shown } = random.pick(NAMES);
      const [firstName, lastName] = [random.pick(first), random.pick(last)];
      const person = {
        ...NOBODY,
        displayName: shown(firstName, lastName),
        firstName,
        lastName,
        email: `customer${index + 1}@demo.example`,
        externalId: `demo-${index + 1}`,
        additionalExternalIds: [],
      };
      const values = {
        [EXAMPLE_IDS.contactAttribute]: random.pick([['business', 'gold'], ['business', 'silver'], ['private']]),
        [EXAMPLE_IDS.contactText]: `A-${2000 + index}`,
      };
      return [
        id,
        [
          { type: 'CreateEndUser' as const, id, person },
          ...(random.happens(0.5) ? [{ type: 'UpdateCustomAttributes' as const, id, values }] : []),
        ],
      ];
    }),
  );
}
