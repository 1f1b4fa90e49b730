import { CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { randomUUIDv7 } from 'node:crypto';
import { EventStore } from '#libs/event-store/event-store.js';
import { type WriteContext } from '#libs/event-store/event.js';
import { type Loaded } from '#libs/event-store/loaded.js';
import { OrganizationSettings } from '#libs/organizations/organization-settings.published.js';
import { normalizePerson } from '#libs/people/person.js';
import { type Changes } from '#libs/platform/changes.js';
import { asRefusal, DomainError, orRefusal } from '#libs/platform/domain-error.js';
import { command } from '#libs/platform/messages.js';
import { type Agent, type AgentCommand, type AgentSettings } from './agent.rules.js';
import { agentStream } from './agent.stream.js';
import { CreateAgent, newAgent } from './agents.handlers.js';

/** Creates agents independently of each other: returns the new agent, or why it is refused, for each. */
export class CreateAgents extends command<
  { context: WriteContext; inputs: CreateAgent['input'][] },
  (Agent | DomainError)[]
>() {}

/** Changes agents independently of each other: returns the changed agent, or why the change is refused, for each. */
export class UpdateAgents extends command<
  { context: WriteContext; changes: { id: string; changes: Changes<AgentSettings> }[] },
  (Agent | DomainError)[]
>() {}

type Task = { id: string; command: AgentCommand } | DomainError;

@CommandHandler(CreateAgents)
export class CreateAgentsHandler implements ICommandHandler<CreateAgents> {
  constructor(
    private readonly store: EventStore,
    private readonly settings: OrganizationSettings,
    private readonly commands: CommandBus,
  ) {}

  /** A single agent gets an exact error. @throws unique violations: then nothing was written */
  async execute({ context, inputs }: CreateAgents): Promise<(Agent | DomainError)[]> {
    const [only, ...others] = inputs;
    if (only && others.length === 0)
      return [await this.commands.execute(new CreateAgent({ context, input: only })).catch(asRefusal)];
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const tasks = inputs.map((input) =>
      orRefusal(() => {
        const id = randomUUIDv7();
        return { id, command: { type: 'CreateAgent', id, ...newAgent(input, defaultRegion) } as const };
      }),
    );
    return carryOut(this.store, context, tasks);
  }
}

@CommandHandler(UpdateAgents)
export class UpdateAgentsHandler implements ICommandHandler<UpdateAgents> {
  constructor(
    private readonly store: EventStore,
    private readonly settings: OrganizationSettings,
  ) {}

  async execute({ context, changes }: UpdateAgents): Promise<(Agent | DomainError)[]> {
    const { defaultRegion } = await this.settings.of(context.organizationId);
    const tasks = changes.map(({ id, changes: given }) =>
      orRefusal(() => ({
        id,
        command: { type: 'UpdateAgent', id, changes: normalizePerson(given, defaultRegion) } as const,
      })),
    );
    return carryOut(this.store, context, tasks);
  }
}

async function carryOut(store: EventStore, context: WriteContext, tasks: Task[]): Promise<(Agent | DomainError)[]> {
  const valid = tasks.flatMap((task) => (task instanceof DomainError ? [] : [task]));
  const loaded = await store.handleAll(agentStream, context, valid);
  const outcomes = new Map<Task, Loaded<Agent | undefined> | DomainError>(
    valid.map((task, index) => [task, loaded[index] as Loaded<Agent | undefined> | DomainError]),
  );
  return tasks.map((task) => {
    const outcome = task instanceof DomainError ? task : outcomes.get(task);
    return outcome instanceof DomainError ? outcome : (outcome?.state as Agent);
  });
}
