import { DomainError, notFound } from '#libs/platform/domain-error.js';
import { given, RECORDED } from '#libs/testing/given.js';
import { type ConversationCommand, type ConversationEvent } from './conversation.rules.js';
import { decideConversation } from './decide-conversation.rules.js';
import { evolveConversation } from './evolve-conversation.rules.js';

const id = 1042;
const [queueId, otherQueueId, agentId, otherAgentId] = ['queue-1', 'queue-2', 'agent-1', 'agent-2'];
const now = '2026-03-14T09:00:00.000Z';
const until = '2026-03-15T09:00:00.000Z';
const began = {
  requesterId: 'end-user-1',
  channel: 'Email' as const,
  direction: 'Inbound' as const,
} as const;
const origin = { id, ...began, createdAt: RECORDED.recordedAt.toISOString() };
const details = { subject: 'Help' };
const vip = { id: 'tag-1', name: 'VIP', state: 'Active' as const };

const created = { type: 'ConversationCreated', data: { ...origin, details } } as const;
const enqueued: ConversationEvent = { type: 'ConversationEnqueued', data: { id, queueId } };
const assigned: ConversationEvent = { type: 'ConversationAssigned', data: { id, agentId } };
const unassigned: ConversationEvent = { type: 'ConversationUnassigned', data: { id, agentId } };
const closed: ConversationEvent = { type: 'ConversationClosed', data: { id } };
const opened: ConversationEvent = { type: 'ConversationOpen', data: { id } };
const pending: ConversationEvent = { type: 'ConversationPending', data: { id, until } };
const expired: ConversationEvent = { type: 'ConversationPendingExpired', data: { id } };
const abandoned: ConversationEvent = { type: 'ConversationAbandoned', data: { id, queueId } };
const tagged: ConversationEvent = { type: 'ConversationTagAdded', data: { id, tagId: vip.id } };
const linked: ConversationEvent = { type: 'ConversationLinked', data: { id, parentId: 7, linkType: 'Related' } };
const requested: ConversationEvent = { type: 'ConversationAnonymizationRequested', data: { id, requestId: 'r' } };
const note = { authorId: agentId, createdAt: now, message: 'She called, too.' };
const noted: ConversationEvent = { type: 'ConversationNoteAdded', data: { id, noteId: 'note-1', ...note } };
const anonymized: ConversationEvent = { type: 'ConversationAnonymized', data: { id } };

const conversation = given({ decide: decideConversation, evolve: evolveConversation, initialState: undefined });
const conflict = (reason: string) => new DomainError('conflict', `Conversation ${id} ${reason}`);
const addNotes = (count: number): ConversationCommand => ({
  type: 'AddNotes',
  id,
  notes: Array.from({ length: count }, () => ({ id: 'note-1', ...note })),
});
const isClosed = conflict('is closed; reopen it first');

const close: ConversationCommand = { type: 'CloseConversation', id };
const reopen: ConversationCommand = { type: 'ReopenConversation', id, queueId };
const followUp: ConversationCommand = { type: 'FollowUpConversation', id, until, now };
const claim = (by: string, force = false): ConversationCommand => ({
  type: 'ClaimConversation',
  id,
  agentId: by,
  force,
});
const transfer = (to: string): ConversationCommand => ({ type: 'TransferConversation', id, queueId: to });

describe('A conversation', () => {
  it('begins open, and waits in the queue that is given', () => {
    conversation().when({ type: 'CreateConversation', id, origin: began, details, queueId }).then([created, enqueued]);
    expect(conversation(created, enqueued).state).toMatchObject({
      state: 'Open',
      queueId,
      queuedAt: RECORDED.recordedAt.toISOString(),
    });
  });

  it('that an agent begins is assigned to the agent and waits nowhere', () => {
    conversation()
      .when({ type: 'CreateConversation', id, origin: began, details, queueId, agentId })
      .then([{ ...created, data: { ...created.data, beginnerId: agentId } }, assigned]);
  });

  it('must exist for everything else', () => {
    conversation().when(close).then(notFound('Conversation', '1042'));
  });

  it('is closed, once', () => {
    conversation(created, enqueued, assigned).when(close).then([closed]);
    conversation(created, closed).when(close).then([]);
  });

  it('is abandoned when it is closed before any agent had it', () => {
    conversation(created, enqueued).when(close).then([abandoned, closed]);
    conversation(created, enqueued, assigned, unassigned, enqueued).when(close).then([closed]);
  });

  it('is reopened with its agent, else in the queue that is given', () => {
    conversation(created, enqueued, assigned, closed).when(reopen).then([opened]);
    conversation(created, enqueued, closed).when(reopen).then([opened, enqueued]);
    conversation(created, enqueued, closed).when({ type: 'ReopenConversation', id }).then([opened]);
    conversation(created).when(reopen).then([]);
  });

  it('leaves an agent who goes, and waits in a queue again', () => {
    const release: ConversationCommand = { type: 'ReleaseConversation', id, agentId, queueId };
    conversation(created, assigned).when(release).then([unassigned, enqueued]);
    conversation(created, assigned, pending).when(release).then([unassigned]);
    conversation(created, assigned, closed).when(release).then([]);
    conversation(created, enqueued).when(release).then([]);
    conversation(created, assigned, closed)
      .when({ type: 'ReopenConversation', id, queueId, agentIsGone: true })
      .then([unassigned, opened, enqueued]);
  });

  it('is pending until a time in the future, then open again', () => {
    conversation(created, enqueued).when(followUp).then([pending]);
    expect(conversation(created, enqueued, pending).state).toMatchObject({ state: 'Pending', queuedAt: undefined });
    conversation(created, pending).when(followUp).then([]);
    conversation(created, enqueued, pending)
      .when({ type: 'ExpirePending', id, queueId, now: until })
      .then([expired, opened, enqueued]);
    conversation(created, pending).when({ type: 'ExpirePending', id, now }).then([]);
    conversation(created, pending, opened).when({ type: 'ExpirePending', id, now: until }).then([]);
    conversation(created, closed).when(followUp).then(isClosed);
    conversation(created)
      .when({ ...followUp, until: now })
      .then(new DomainError('invalid', 'Invalid value for: body (timestamp must be in the future)'));
  });

  it('is claimed by one agent, from another only by force', () => {
    const claimed = (by: string, claimedFrom: object): ConversationEvent => ({
      type: 'ConversationAssigned',
      data: { id, agentId: by, claimedFrom },
    });
    conversation(created, enqueued)
      .when(claim(agentId))
      .then([claimed(agentId, { queueId })]);
    conversation(created).when(claim(agentId)).then([assigned]);
    expect(conversation(created, enqueued, assigned).state?.queuedAt).toBeUndefined();
    conversation(created, assigned).when(claim(agentId)).then([]);
    conversation(created, assigned)
      .when(claim(otherAgentId))
      .then(conflict('is assigned to agent agent-1; use force to take it over'));
    conversation(created, assigned)
      .when(claim(otherAgentId, true))
      .then([unassigned, claimed(otherAgentId, { agentId })]);
    conversation(created, closed).when(claim(agentId)).then(isClosed);
  });

  it('is transferred to a queue, away from agent and queue', () => {
    const moved = (from?: string): ConversationEvent[] => [
      {
        type: 'ConversationTransferred',
        data: { id, ...(from && { fromQueueId: from }), toQueueId: otherQueueId },
      },
      { type: 'ConversationEnqueued', data: { id, queueId: otherQueueId } },
    ];
    conversation(created).when(transfer(otherQueueId)).then(moved());
    conversation(created, enqueued).when(transfer(otherQueueId)).then(moved(queueId));
    conversation(created, enqueued, assigned)
      .when(transfer(otherQueueId))
      .then([unassigned, ...moved(queueId)]);
    conversation(created, pending)
      .when(transfer(otherQueueId))
      .then([opened, ...moved()]);
    conversation(created, enqueued).when(transfer(queueId)).then([]);
    conversation(created, closed).when(transfer(queueId)).then(isClosed);
  });

  it('has each tag once, and takes no inactive one', () => {
    conversation(created).when({ type: 'TagConversation', id, tag: vip }).then([tagged]);
    conversation(created, closed).when({ type: 'TagConversation', id, tag: vip }).then([tagged]);
    conversation(created, tagged).when({ type: 'TagConversation', id, tag: vip }).then([]);
    conversation(created)
      .when({ type: 'TagConversation', id, tag: { ...vip, state: 'Inactive' } })
      .then(new DomainError('conflict', 'Tag VIP is inactive and cannot be put on conversations'));
    conversation(created, tagged)
      .when({ type: 'UntagConversation', id, tagId: vip.id })
      .then([{ type: 'ConversationTagRemoved', data: { id, tagId: vip.id } }]);
    conversation(created).when({ type: 'UntagConversation', id, tagId: vip.id }).then([]);
  });

  it('has at most 200 tags', () => {
    const tags = Array.from({ length: 200 }, (_, index) => `tag-${index}`);
    const events = tags.map((tagId) => ({ type: 'ConversationTagAdded', data: { id, tagId } }) as const);
    const other = { ...vip, id: 'tag-200' };
    conversation(created, ...events)
      .when({ type: 'TagConversation', id, tag: other })
      .then(conflict('can have at most 200 tags; it has 200'));
    conversation(created, ...events)
      .when({ type: 'TagConversation', id, tag: vip })
      .then([]);
  });

  it('records only the attributes that change', () => {
    const update = (values: Record<string, string | null>): ConversationCommand => ({
      type: 'UpdateAttributes',
      id,
      values,
    });
    const event: ConversationEvent = {
      type: 'ConversationCustomAttributeUpdated',
      data: { id, values: { a: '1', b: '2' } },
    };
    conversation(created)
      .when(update({ a: '1', b: '2', c: null }))
      .then([event]);
    conversation(created, event)
      .when(update({ a: '1', b: null }))
      .then([{ type: 'ConversationCustomAttributeUpdated', data: { id, values: { b: null } } }]);
    conversation(created, event)
      .when(update({ a: '1' }))
      .then([]);
  });

  it('is linked to one other, never to itself or in a circle', () => {
    const link = (parentId: number, ancestorIds: number[] = []): ConversationCommand => ({
      type: 'LinkConversation',
      id,
      parentId,
      linkType: 'Related',
      ancestorIds,
    });
    conversation(created).when(link(7)).then([linked]);
    conversation(created, linked).when(link(7)).then([]);
    conversation(created, linked).when(link(8)).then(conflict('is already linked to conversation 7'));
    conversation(created)
      .when(link(7, [8, id]))
      .then(conflict('is already above conversation 7'));
    conversation(created)
      .when(link(id))
      .then(new DomainError('invalid', 'Invalid value for: body (parentId must be another conversation)'));
  });

  it('is anonymized when it is closed, and cannot change any more once that is requested', () => {
    const request: ConversationCommand = { type: 'RequestConversationAnonymization', id, requestId: 'r' };
    conversation(created).when(request).then(conflict('is not closed; close it, or use force=true'));
    conversation(created, closed).when(request).then([requested]);
    conversation(created, closed, requested).when(request).then(conflict('is being anonymized'));
    conversation(created, closed, requested).when(reopen).then(conflict('is being anonymized'));
    conversation(created, closed, requested).when({ type: 'AnonymizeConversation', id }).then([anonymized]);
    conversation(created).when({ type: 'AnonymizeConversation', id }).then([closed, anonymized]);
    conversation(created, closed, anonymized).when({ type: 'AnonymizeConversation', id }).then([]);
    conversation(created, closed, anonymized).when(reopen).then(conflict('has been anonymized'));
    expect(conversation(created, tagged, closed, anonymized).state).toMatchObject({
      details: undefined,
      customAttributes: {},
    });
  });

  it('becomes another end user’s, whatever its state, anonymized or not', () => {
    const replace: ConversationCommand = { type: 'ReplaceEndUser', id, endUserId: 'end-user-2' };
    const replaced: ConversationEvent = {
      type: 'ConversationEndUserReplaced',
      data: { id, fromEndUserId: 'end-user-1', endUserId: 'end-user-2' },
    };
    for (const before of [[], [assigned], [closed], [closed, requested], [closed, requested, anonymized]]) {
      conversation(created, ...before)
        .when(replace)
        .then([replaced]);
      conversation(created, ...before, replaced)
        .when(replace)
        .then([]);
      expect(conversation(created, ...before, replaced).state?.requesterId).toBe('end-user-2');
    }
    conversation()
      .when(replace)
      .then(notFound('Conversation', String(id)));
  });
});

describe('The notes of a conversation', () => {
  it('are at most 1,000, however they were added', () => {
    const notes = Array<ConversationEvent>(998).fill(noted);
    conversation(created, ...notes)
      .when(addNotes(2))
      .then([noted, noted]);
    const full = 'can have at most 1,000 notes; it has';
    conversation(created, ...notes)
      .when(addNotes(3))
      .then(conflict(`${full} 998`));
    conversation(created, ...notes, noted, noted)
      .when(addNotes(1))
      .then(conflict(`${full} 1,000`));
  });
});
