import { DomainError } from '#libs/platform/domain-error.js';

/** One entity tag of a list: its opaque part in quotes, and the comma after it or the end. */
const LISTED = /\s*(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,|$)/y;
const WITH_VERSION = /^"(\d{1,10})(?:-[\w-]*)?"$/;

/** Returns the entity tags of a header without the prefix `W/`; `*` as such; undefined if the header is malformed. */
function listed(header: string): string[] | '*' | undefined {
  if (header.trim() === '*') return '*';
  const tags: string[] = [];
  LISTED.lastIndex = 0;
  for (let end = 0; end < header.length; end = LISTED.lastIndex) {
    const tag = LISTED.exec(header)?.[1];
    if (tag === undefined) return undefined;
    tags.push(tag);
  }
  return tags.length > 0 ? tags : undefined;
}

/** Returns whether `If-None-Match` contains this ETag. A malformed header contains none. */
export function isKnown(etag: string, ifNoneMatch: string): boolean {
  const tags = listed(ifNoneMatch);
  return tags === '*' || (tags?.includes(etag) ?? false);
}

/**
 * Returns the versions that `If-Match` names, by whole ETags or by `"<version>"`; undefined for `*`, which is any.
 * @throws {DomainError} `invalid`
 */
export function expectedVersions(ifMatch: string): number[] | undefined {
  const tags = listed(ifMatch);
  if (tags === '*') return undefined;
  const versions = tags?.map((tag) => WITH_VERSION.exec(tag)?.[1]);
  if (!versions || versions.includes(undefined)) {
    throw new DomainError(
      'invalid',
      'Invalid value for: header If-Match (must be ETags from responses, or versions in quotes: "7")',
    );
  }
  return versions.map(Number);
}
