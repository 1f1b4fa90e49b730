import { type DomainError, notFound } from '#libs/platform/domain-error.js';

export type TagState = 'Active' | 'Inactive';

/** A label that agents put on conversations. Only active tags can be added. */
export interface Tag {
  id: string;
  /** Unique in the organization without regard to case and invisible characters; without outer space. */
  name: string;
  color?: string;
  state: TagState;
}

export type TagCommand =
  | { type: 'CreateTag'; id: string; name: string; color?: string }
  | { type: 'ActivateTag'; id: string }
  | { type: 'DeactivateTag'; id: string }
  /** Deletes the tag, also from conversations. Its name becomes free. */
  | { type: 'DeleteTag'; id: string };

export type TagEvent =
  | { type: 'TagCreated'; data: { id: string; name: string; color?: string } }
  | { type: 'TagActivated'; data: { id: string } }
  | { type: 'TagDeactivated'; data: { id: string } }
  | { type: 'TagDeleted'; data: { id: string } };

/** Activating an active tag and deactivating an inactive one change nothing. */
export function decideTag(command: TagCommand, tag: Tag | undefined): TagEvent[] | DomainError {
  if (command.type === 'CreateTag') {
    const { id, name, color } = command;
    return [{ type: 'TagCreated', data: { id, name: name.trim(), ...(color !== undefined && { color }) } }];
  }
  if (!tag) return notFound('Tag', command.id);
  switch (command.type) {
    case 'ActivateTag':
      return tag.state === 'Active' ? [] : [{ type: 'TagActivated', data: { id: tag.id } }];
    case 'DeactivateTag':
      return tag.state === 'Inactive' ? [] : [{ type: 'TagDeactivated', data: { id: tag.id } }];
    case 'DeleteTag':
      return [{ type: 'TagDeleted', data: { id: tag.id } }];
  }
}

export function evolveTag(tag: Tag | undefined, event: TagEvent): Tag | undefined {
  switch (event.type) {
    case 'TagCreated':
      return { ...event.data, state: 'Active' };
    case 'TagActivated':
      return tag && { ...tag, state: 'Active' };
    case 'TagDeactivated':
      return tag && { ...tag, state: 'Inactive' };
    case 'TagDeleted':
      return undefined;
  }
}
