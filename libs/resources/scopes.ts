import { DomainError } from '#libs/platform/domain-error.js';
import { grants, type Scope } from '#libs/platform/scopes.js';
import { RESOURCES } from './resources.js';

/** All scopes that exist. */
export const SCOPES: readonly Scope[] = [
  'admin',
  ...RESOURCES.map(({ path }) => path)
    .sort()
    .flatMap((path): Scope[] => [`${path}:read`, `${path}:write`]),
];

/** The scopes that allow reading the data of streams, by category. */
const READ_SCOPES = new Map<string, Scope>(
  RESOURCES.flatMap(({ path, streams }) => streams.map(({ category }): [string, Scope] => [category, `${path}:read`])),
);

/** Returns whether granted scopes allow reading the personal data of streams of a category. */
export function showsPersonal(granted: readonly Scope[], category: string): boolean {
  return grants(granted, READ_SCOPES.get(category) ?? 'admin');
}

/** Requires that scope, for answers that would be empty without the personal data. @throws {DomainError} `forbidden` */
export function mustShowPersonal(granted: readonly Scope[], category: string): void {
  mustGrant(granted, READ_SCOPES.get(category) ?? 'admin');
}

/** Requires a scope besides that of the operation. @throws {DomainError} `forbidden` */
export function mustGrant(granted: readonly Scope[], scope: Scope): void {
  if (!grants(granted, scope)) throw new DomainError('forbidden', `The API token lacks the scope ${scope}`);
}
