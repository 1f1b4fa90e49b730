import { Injectable } from '@nestjs/common';
import { type Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { OrganizationSettings } from '#libs/organizations/organization-settings.published.js';
import { normalizePerson } from '#libs/people/person.js';
import { type Changes } from '#libs/platform/changes.js';
import { asRefusal, DomainError, orRefusal } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { type EndUserCommand, type EndUserFields } from './end-user.rules.js';
import { endUserStream } from './end-user.stream.js';
import { type EndUserOutput } from './end-users.dto.js';
import { CreateEndUser, newPerson, UpdateEndUser } from './end-users.handlers.js';
import { EndUserReader } from './end-user.reader.js';
import { TakenAddresses } from './taken-addresses.js';

/** Creates end users independently of each other: returns the new end user, or why it is refused, for each. */
export class CreateEndUsers extends command<
  { context: WriteContext; inputs: Changes<EndUserFields>[] },
  (EndUserOutput | DomainError)[]
>() {}

/**
 * Changes end users independently of each other: returns the changed end user, or why the change is refused, for each.
 */
export class UpdateEndUsers extends command<
  { context: WriteContext; changes: { id: string; input: Changes<EndUserFields> }[] },
  (EndUserOutput | DomainError)[]
>() {}

/** A change of one end user, with the fields that it writes, and the command that makes it alone. */
interface Task {
  id: string;
  command: EndUserCommand;
  fields: Changes<EndUserFields>;
  alone: Command<EndUserOutput>;
}

/** Carries out the changes of a bulk request. */
@Injectable()
export class EndUserTasks {
  constructor(
    private readonly store: EventStore,
    private readonly taken: TakenAddresses,
    private readonly reader: EndUserReader,
    private readonly commands: CommandBus,
  ) {}

  /**
   * Carries out tasks in three round trips. A task that claims the address of another end user is carried out alone,
   * because the single command returns an exact error.
   * @throws unique violations when an address is taken concurrently: then nothing was written
   */
  async carryOut(context: WriteContext, tasks: (Task | DomainError)[]): Promise<(EndUserOutput | DomainError)[]> {
    const valid = tasks.flatMap((task) => (task instanceof DomainError ? [] : [task]));
    const claiming = valid.length > 1 ? await this.taken.claimedBy(context, valid) : new Set(valid);
    const together = valid.filter((task) => !claiming.has(task));
    const loaded = await this.store.handleAll(endUserStream, context, together);
    const shown = await this.reader.allShown(context.organizationId, loaded);
    const outcomes = new Map(together.map((task, index) => [task, shown[index] as EndUserOutput | DomainError]));
    for (const task of claiming) {
      outcomes.set(task, await this.commands.execute(task.alone).catch(asRefusal));
    }
    return tasks.map((task) => (task instanceof DomainError ? task : (outcomes.get(task) as EndUserOutput)));
  }
}

@CommandHandler(CreateEndUsers)
export class CreateEndUsersHandler implements ICommandHandler<CreateEndUsers> {
  constructor(
    private readonly settings: OrganizationSettings,
    private readonly tasks: EndUserTasks,
  ) {}

  async execute({ context, inputs }: CreateEndUsers): Promise<(EndUserOutput | DomainError)[]> {
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const tasks = inputs.map((input) =>
      orRefusal((): Task => {
        const [id, person] = [randomUUIDv7(), newPerson(input, defaultRegion)];
        const command = { type: 'CreateEndUser', id, person } as const;
        return { id, command, fields: person, alone: new CreateEndUser({ context, input }) };
      }),
    );
    return this.tasks.carryOut(context, tasks);
  }
}

@CommandHandler(UpdateEndUsers)
export class UpdateEndUsersHandler implements ICommandHandler<UpdateEndUsers> {
  constructor(
    private readonly settings: OrganizationSettings,
    private readonly tasks: EndUserTasks,
  ) {}

  async execute({ context, changes }: UpdateEndUsers): Promise<(EndUserOutput | DomainError)[]> {
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const tasks = changes.map(({ id, input }) =>
      orRefusal((): Task => {
        const fields = normalizePerson(input, defaultRegion);
        const command = { type: 'UpdateEndUser', id, changes: fields } as const;
        return { id, command, fields, alone: new UpdateEndUser({ context, id, input }) };
      }),
    );
    return this.tasks.carryOut(context, tasks);
  }
}
