import { conditionOf, type Operator, type SearchFilters } from './search-conditions.js';

/** Returns the condition with its values in place of parameters. */
function sqlOf(filters: SearchFilters): [sql: string, values: unknown[]] {
  const values: unknown[] = [];
  return [conditionOf(filters, (value) => `$${values.push(value)}`), values];
}

const field = (_type: string, operator: Operator, attributeId?: string) => ({
  field: { _type, operator, attributeId },
});
const one = (...given: Parameters<typeof field>) => sqlOf({ strategy: 'All', conditions: [field(...given)] });

describe('A condition', () => {
  it('never has values in its text', () => {
    const hostile = "'; DROP TABLE tags; --";
    for (const [sql, values] of [
      one('AgentId', { _type: 'IsOneOf', values: [hostile] }),
      one('TagId', { _type: 'IncludesAll', values: [hostile] }),
      one('CustomAttribute', { _type: 'IsOneOf', values: [[hostile]] }, hostile),
      one('ClosedDate', { _type: 'Since', timestamp: hostile }),
    ]) {
      expect(sql).not.toContain('DROP');
      expect(values.flat()).toContain(hostile);
    }
  });

  it('spells names as the rows do, and leaves out those of other channels', () => {
    const [, values] = one('Channel', { _type: 'IsOneOf', values: ['chat', 'yotpo', 'phone'] });
    expect(values).toEqual([['WidgetChat', 'PstnPhone']]);
  });

  it('holds for rows without a value if none is among others', () => {
    const [sql] = one('QueueId', { _type: 'IsNotOneOf', values: ['a'] });
    expect(sql).toBe('((queue_id = ANY($1::uuid[])) IS NOT TRUE)');
  });

  it('of no values matches nothing, or everything', () => {
    expect(one('CustomAttribute', { _type: 'IsOneOf' }, 'a')[0]).toBe('(false)');
    expect(one('TagId', { _type: 'IncludesAll', values: [] })[0]).toBe('(true)');
    expect(one('TagId', { _type: 'ExcludesOne', values: [] })[0]).toBe('(NOT (true))');
  });

  it('excludes the end of a period, and includes both ends of a duration', () => {
    const [period] = one('CreationDate', { _type: 'Between', timestampFrom: 'a', timestampTo: 'b' });
    expect(period).toBe('((created_at >= $1 AND created_at < $2))');
    const [duration] = one('Duration', { _type: 'Between', min: 1, max: 2 });
    expect(duration).toBe('(extract(epoch FROM closed_at - created_at) BETWEEN $1 AND $2)');
  });
});

describe('Filters', () => {
  const empty = field('AgentId', { _type: 'IsEmpty' });
  const queued = field('QueueId', { _type: 'IsNotEmpty' });

  it('join their conditions by their strategy', () => {
    const conditions = [empty, queued];
    expect(sqlOf({ strategy: 'All', conditions })[0]).toBe('(assignee_id IS NULL AND queue_id IS NOT NULL)');
    expect(sqlOf({ strategy: 'Any', conditions })[0]).toBe('(assignee_id IS NULL OR queue_id IS NOT NULL)');
  });

  it.each(['All', 'Any'] as const)('match everything without conditions: %s', (strategy) => {
    expect(sqlOf({ strategy })[0]).toBe('true');
    expect(sqlOf({ strategy, conditions: [] })[0]).toBe('true');
  });
});
