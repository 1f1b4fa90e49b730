import { DomainError } from '#libs/platform/domain-error.js';
import { grants, type Scope } from '#libs/platform/scopes.js';
import { RESOURCES } from './resources.js';

/** All scopes there are. */
export const SCOPES: readonly Scope[] = [
  'admin',
  ...RESOURCES.map(({ path }) => path)
    .sort()
    .flatMap((path): Scope[] => [`${path}:read`, `${path}:write`]),
];

/** The scope that shows what streams of a kind hold, wherever it appears, by their category. */
const READ_SCOPES = new Map<string, Scope>(
  RESOURCES.flatMap(({ path, streams }) => streams.map(({ category }): [string, Scope] => [category, `${path}:read`])),
);

/** Whether scopes that were granted show the personal data of streams of a category. */
export function showsPersonal(granted: readonly Scope[], category: string): boolean {
  return grants(granted, READ_SCOPES.get(category) ?? 'admin');
}

/** For answers that would say nothing without the personal data. @throws {DomainError} `forbidden` */
export function mustShowPersonal(granted: readonly Scope[], category: string): void {
  if (showsPersonal(granted, category)) return;
  throw new DomainError('forbidden', `The API token lacks the scope ${READ_SCOPES.get(category) ?? 'admin'}`);
}
