import { randomUUIDv7 } from 'node:crypto';
import { withTools } from '../../dist/apps/cli/command.js';
import { openCipher } from '../../dist/apps/master-key.js';
import { ConversationIds } from '../../dist/libs/conversations/conversation-ids.js';
import { conversationStream } from '../../dist/libs/conversations/conversation.stream.js';
import { endUserStream } from '../../dist/libs/end-users/end-user.stream.js';
import { tagStream } from '../../dist/libs/tags/tag.stream.js';
import { endUser } from '../people-data.mjs';

/** Number of organizations that get events at the same time. */
const AT_ONCE = 2;
/** What an organization gets in its turn, in a hundred events. */
const [TAGS, END_USERS, CONVERSATIONS, MESSAGES] = [10, 10, 10, 4];
const NOBODY = { additionalEmails: [], additionalPhoneNumbers: [], additionalExternalIds: [], middleNames: [] };

/**
 * Organizations whose events grow in number: by commands that are decided and written as the API's are, in turns.
 * @param administrators see `createOrganizations`
 */
export class Growth {
  /** An end user of each organization that has one: `{ path, token }`. */
  places = [];
  /** When all of these end users existed. */
  changedAt;
  #made = 0;
  #turns = 0;

  constructor(dataDir, appUrl, administrators) {
    Object.assign(this, { dataDir, appUrl, administrators });
  }

  /** Makes about this number of events. */
  async grow(events) {
    const until = this.#made + events;
    const cipher = await openCipher({ dataDir: this.dataDir }, this.appUrl, false);
    await withTools({ appUrl: this.appUrl }, cipher, async ({ store, database }) => {
      const numbers = new ConversationIds(database);
      const work = async () => {
        while (this.#made < until) await this.#turn(store, numbers, this.#turns++);
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
    });
  }

  async #turn(store, numbers, turn) {
    const { context, token } = this.administrators[turn % this.administrators.length];
    const make = async (definition, commands) => {
      const outcomes = await store.handleAll(definition, context, commands);
      const refusal = outcomes.find((outcome) => outcome instanceof Error);
      if (refusal) throw refusal;
      const lengths = new Map(commands.map(({ id }, index) => [id, outcomes[index].version]));
      for (const length of lengths.values()) this.#made += length;
    };
    const people = Array.from({ length: END_USERS }, () => randomUUIDv7());
    await make(
      tagStream,
      times(TAGS, (index) => newTag(`${turn}/${index}`)),
    );
    await make(
      endUserStream,
      people.flatMap((id, index) => newEndUser(id, turn * END_USERS + index)),
    );
    const conversations = [];
    for (const id of people.slice(0, CONVERSATIONS)) {
      conversations.push(...newConversation(await numbers.next(), id, context.actorId));
    }
    await make(conversationStream, conversations);
    if (turn >= this.administrators.length) return;
    this.places.push({ path: `/v1/endusers/${people[0]}`, token });
    this.changedAt = Date.now();
  }
}

function newTag(name) {
  const id = randomUUIDv7();
  return { id, command: { type: 'CreateTag', id, name: `Tag ${name}`, color: '#ff8800' } };
}

/** Three events. */
function newEndUser(id, number) {
  const change = (changes) => ({ id, command: { type: 'UpdateEndUser', id, changes } });
  return [
    { id, command: { type: 'CreateEndUser', id, person: { ...NOBODY, ...endUser(number) } } },
    change({ displayName: `Customer ${number}` }),
    change({ lastName: `Customer ${number}` }),
  ];
}

/** Six events. */
function newConversation(number, requesterId, agentId) {
  const createdAt = new Date().toISOString();
  const [origin, authors] = [
    { requesterId, channel: 'Email', direction: 'Inbound', contactPoint: 'support@acme.example', createdAt },
    [
      [requesterId, 'Inbound'],
      [agentId, 'Outbound'],
    ],
  ];
  const messages = times(MESSAGES, (index) => {
    const [authorId, direction] = authors[index % authors.length];
    const content = { _type: 'Text', value: `Message ${index} of ${number}: where is my order?` };
    return { id: randomUUIDv7(), authorId, direction, createdAt, body: { content, attachments: [] } };
  });
  const assignment = { agentId, assignedAt: createdAt };
  const details = { subject: `Question ${number}` };
  const command = { type: 'ImportConversation', id: number, origin, details, messages, assignment };
  return [{ id: String(number), command }];
}

function times(length, make) {
  return Array.from({ length }, (_, index) => make(index));
}
