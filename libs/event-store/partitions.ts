/** Organizations hash onto so many partitions; the database's `partition_of` says the same. */
export const PARTITIONS = 64;

/** The partition of an organization: of the last byte of its id, which is random. */
export function partitionOf(organizationId: string): number {
  return Number.parseInt(organizationId.slice(-2), 16) % PARTITIONS;
}
