import { Batch } from '#libs/database/batch.js';

/** Counts the rows that the database sends to this process during `work`. */
export async function countRows<T>(work: () => Promise<T>): Promise<{ rows: number; result: T }> {
  const handleDataRow = Reflect.get<Batch, 'handleDataRow'>(Batch.prototype, 'handleDataRow');
  let rows = 0;
  const counting: Batch['handleDataRow'] = function (this: Batch, message) {
    rows++;
    handleDataRow.call(this, message);
  };
  Object.assign(Batch.prototype, { handleDataRow: counting });
  try {
    return { result: await work(), rows };
  } finally {
    Object.assign(Batch.prototype, { handleDataRow });
  }
}
