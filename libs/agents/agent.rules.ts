import { faultsOfAddresses, type Person } from '#libs/people/person.js';
import { applyChanges, type Changes, changesOf } from '#libs/platform/changes.js';
import { type DomainError, invalidBody, notFound } from '#libs/platform/domain-error.js';

/** The fields of an agent that a client can set at any time. */
export interface AgentSettings extends Omit<Person, 'email'> {
  displayName: string;
}

/** An agent, who answers conversations. */
export interface Agent extends AgentSettings {
  id: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** Unique among the organization's agents; never changes. */
  email: string;
  roles: string[];
}

export type AgentCommand =
  | { type: 'CreateAgent'; id: string; email: string; settings: AgentSettings }
  | { type: 'UpdateAgent'; id: string; changes: Changes<AgentSettings> }
  | { type: 'RemoveAgent'; id: string };

export type AgentEvent =
  | { type: 'AgentCreated'; data: Agent }
  | { type: 'AgentUpdated'; data: { id: string; changes: Changes<AgentSettings> } }
  | { type: 'AgentRemoved'; data: { id: string } };

/** Updates contain only actual changes; one that changes nothing records no event. */
export function decideAgent(
  command: AgentCommand,
  agent: Agent | undefined,
  recordedAt: Date,
): AgentEvent[] | DomainError {
  if (command.type === 'CreateAgent') {
    const { id, email, settings } = command;
    const createdAt = recordedAt.toISOString();
    return [{ type: 'AgentCreated', data: { id, createdAt, email, ...settings, roles: ['Agent'] } }];
  }
  if (!agent) return notFound('Agent', command.id);
  switch (command.type) {
    case 'UpdateAgent': {
      const changes = changesOf<AgentSettings>(agent, command.changes);
      if (Object.keys(changes).length === 0) return [];
      const faults = faultsOfAddresses(applyChanges<Agent>(agent, changes), changes);
      return faults.length > 0 ? invalidBody(faults) : [{ type: 'AgentUpdated', data: { id: agent.id, changes } }];
    }
    case 'RemoveAgent':
      return [{ type: 'AgentRemoved', data: { id: agent.id } }];
  }
}

export function evolveAgent(agent: Agent | undefined, event: AgentEvent): Agent | undefined {
  switch (event.type) {
    case 'AgentCreated':
      return event.data;
    case 'AgentUpdated':
      return agent && applyChanges<Agent>(agent, event.data.changes);
    case 'AgentRemoved':
      return undefined;
  }
}

/** The settings of an agent when none is given. */
export const NO_SETTINGS: Changes<AgentSettings> = {
  phoneNumber: null,
  additionalEmails: [],
  additionalPhoneNumbers: [],
  firstName: null,
  lastName: null,
  middleNames: [],
  avatarUrl: null,
};
