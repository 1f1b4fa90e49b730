import { Controller, Get } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { type WriteContext } from '#libs/event-store/event.js';
import { BulkInput } from '#libs/http/bulk-input.js';
import { BulkRequests } from '#libs/http/bulk-requests.js';
import { type BulkOutcome } from '#libs/http/bulk.js';
import { Endpoint } from '#libs/http/endpoint.js';
import { LenientBody, validInput } from '#libs/http/input.js';
import { Post } from '#libs/http/methods.js';
import { Caller } from '#libs/http/request-context.js';
import { Versioned } from '#libs/http/versioned.js';
import { accepted } from '#libs/platform/domain-error.js';
import { ConversationId } from './conversation-id.param.js';
import { GetConversation } from './conversation-queries.handlers.js';
import { conversationStream } from './conversation.stream.js';
import { faultOfInstant } from './decide-messages.rules.js';
import {
  BulkCreateInternalNoteInput,
  BulkCreateNoteOutput,
  CreateInternalNoteInput,
  CreateNoteOutput,
  type InternalNoteData,
  ListInternalNotesOutput,
} from './notes.dto.js';
import { AddNotes, ListNotes, type NewNote } from './notes.handlers.js';

/** The notes of a conversation, which its end user does not see. */
@ApiTags('Conversations')
@Controller('v1/conversations/:conversationId/notes')
export class ConversationNotesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
    private readonly bulk: BulkRequests,
  ) {}

  @Get()
  @Endpoint({
    operationId: 'Conversations_listNotes',
    summary: 'List the notes of a conversation.',
    description: 'Lists all notes in the order in which they were written, at most 1,000.',
    success: [200, 'The list of notes', ListInternalNotesOutput],
    errors: [404],
  })
  async list(@Caller() caller: WriteContext, @ConversationId() id: number): Promise<{ data: InternalNoteData[] }> {
    return { data: await this.queries.execute(new ListNotes({ organizationId: caller.organizationId, id })) };
  }

  @Post()
  @Versioned(conversationStream, 'conversationId', { answers: 'other' })
  @Endpoint({
    operationId: 'Conversations_addNote',
    summary: 'Add a note to a conversation.',
    description:
      'End users do not see notes. A note can be added in any state of the conversation. A conversation can have at most 1,000 notes; beyond that, the answer is 409.',
    success: [200, 'The note', CreateNoteOutput],
    errors: [404, 409],
  })
  async add(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @LenientBody() input: CreateInternalNoteInput,
  ): Promise<{ data: InternalNoteData }> {
    const [note] = await this.commands.execute(new AddNotes({ context: caller, id, notes: [newNote(input)] }));
    return { data: accepted(note as NonNullable<typeof note>) };
  }

  @Post('bulk')
  @Endpoint({
    operationId: 'Conversations_addNotesBulk',
    summary: 'Add many notes to a conversation.',
    description:
      'Adds each note separately: one that fails does not affect the others. A conversation can have at most 1,000 notes.',
    success: [200, 'The result for each note, in the order of the request', BulkCreateNoteOutput],
    errors: [404, 409],
  })
  async addBulk(
    @Caller() caller: WriteContext,
    @ConversationId() id: number,
    @BulkInput(BulkCreateInternalNoteInput) items: unknown[],
  ): Promise<{ data: BulkOutcome<InternalNoteData>[] }> {
    const { organizationId } = caller;
    await this.queries.execute(new GetConversation({ organizationId, id }));
    const work = {
      prepare: async (item: unknown) => {
        const note = newNote(await validInput(CreateInternalNoteInput, item, 'ignore'));
        const fault =
          note.createdAt === undefined ? undefined : faultOfInstant({ createdAt: note.createdAt }, new Date());
        if (fault) throw fault;
        return note;
      },
      carryOut: (notes: NewNote[]) => this.commands.execute(new AddNotes({ context: caller, id, notes })),
    };
    return { data: await this.bulk.each(organizationId, items, work) };
  }
}

function newNote({ message, agentId, createdAt }: CreateInternalNoteInput): NewNote {
  return { message, ...(agentId && { authorId: agentId }), ...(createdAt && { createdAt }) };
}
