/** Number of partitions that organizations hash onto; must match the database's `partition_of`. */
export const PARTITIONS = 64;

/** Returns an organization's partition, from the last byte of its id, which is random. */
export function partitionOf(organizationId: string): number {
  return Number.parseInt(organizationId.slice(-2), 16) % PARTITIONS;
}
