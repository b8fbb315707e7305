// A transform for changes of database rows, as Debezium Server publishes them to Pub/Sub: one
// {"before": …, "after": …, "source": …, "op": …} a message, with or without its schema around it.

/** The tables that are worth an event: whose row it is, and the columns that become properties. */
const TABLES = new Map([
  ['customers', { person: 'id', columns: ['plan', 'country'] }],
  ['orders', { person: 'customer_id', columns: ['id', 'status', 'total'] }],
])

/** What Debezium calls the changes. A snapshot (`r`) reads rows that were there before: no events. */
const CHANGES = new Map([
  ['c', 'created'],
  ['u', 'updated'],
  ['d', 'deleted'],
])

/**
 * Makes `orders_created` of a new row in `orders`, and so on. Only the listed columns travel.
 *
 * @param {any} input What the JSON of one change says; `undefined` or `null` for a tombstone.
 * @returns {import('../src/transform/types.ts').MixpanelEvent | null}
 */
export default function transform(input) {
  const { before, after, source, op } = input?.payload ?? input ?? {}
  const table = TABLES.get(source?.table)
  const change = CHANGES.get(op)
  if (!table || !change) return null

  // A deleted row has its key only, unless the table keeps whole rows in its log (REPLICA IDENTITY FULL).
  const row = after ?? before
  const properties = Object.fromEntries(table.columns.map((name) => [name, row[name]]))
  return {
    event: `${source.table}_${change}`,
    properties: {
      ...properties,
      ...(op === 'u' && before && { changed: table.columns.filter((n) => before[n] !== after[n]) }),
      distinct_id: String(row[table.person] ?? ''),
      // When the database committed the change, not when Debezium saw it.
      time: source.ts_ms,
      // Debezium publishes a change again after a crash. Its place in the log tells it from others.
      $insert_id: [source.db, source.table, placeOf(source), op, row.id].join('/'),
    },
  }
}

/** Where a change stands in the log of Postgres, or of MySQL. */
function placeOf({ lsn, file, pos, row }) {
  return lsn ?? `${file}:${pos}:${row}`
}
