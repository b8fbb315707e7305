import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPrepare } from '../../../src/prepare/prepare.ts'
import { loadTransform } from '../../../src/transform/load-transform.ts'
import type { Transform } from '../../../src/transform/transform.ts'
import { aMessage } from '../../helpers/builders.ts'

const OPTIONS = { env: {}, keys: 'environment' } as const

const transform = await exampleOf('transform.mjs')
const plainEvents = await exampleOf('plain-events.mjs')
const debezium = await exampleOf('debezium.mjs')

describe('examples/transform.mjs', () => {
  it('renames the user id and leaves out who the user is', () => {
    const event = mapped({
      event: 'signed_up',
      properties: { user_id: 'u-1', email: 'eve@example.com', full_name: 'Eve', plan: 'pro' },
    })

    assert.deepEqual(event, [
      {
        event: 'signed_up',
        properties: { plan: 'pro', distinct_id: 'u-1', ip: 0, source: 'web' },
      },
    ])
  })

  for (const user of [{}, { user_id: null }, { user_id: '' }]) {
    it(`keeps a distinct id that is there already, with ${JSON.stringify(user)}`, () => {
      const event = mapped({ event: 'visited', properties: { ...user, distinct_id: 'device-7' } })

      assert.partialDeepStrictEqual(event, [{ properties: { distinct_id: 'device-7' } }])
    })
  }

  it('prefers the user id to a distinct id', () => {
    const event = mapped({ event: 'a', properties: { user_id: 'u-1', distinct_id: 'device-7' } })

    assert.partialDeepStrictEqual(event, [{ properties: { distinct_id: 'u-1' } }])
  })

  it('keeps an event of nobody out of the profiles', () => {
    const event = mapped({ event: 'visited', properties: {} })

    assert.partialDeepStrictEqual(event, [{ properties: { distinct_id: '' } }])
  })

  it('drops health checks, and messages that have attributes only', () => {
    const dropped = { kind: 'dropped', rule: 'transform' }

    assert.deepEqual(mapped({ event: 'health_check', properties: {} }), dropped)
    assert.deepEqual(mapped(undefined), dropped)
  })

  it('rejects what is no event', () => {
    assert.partialDeepStrictEqual(mapped({ event: 'a' }), { reason: 'transform_failed' })
  })
})

describe('examples/plain-events.mjs', () => {
  it('makes an event of type, user and time, and properties of the rest', () => {
    const input = {
      type: 'order_placed',
      userId: 4711,
      ts: '2026-01-02T03:04:05Z',
      messageId: 'ord_17/placed',
      orderId: 'ord_17',
      items: [{ sku: 'A-1', price: 12.5 }],
    }

    assert.deepEqual(mapped(input, plainEvents), [
      {
        event: 'order_placed',
        properties: {
          orderId: 'ord_17',
          items: [{ sku: 'A-1', price: 12.5 }],
          distinct_id: '4711',
          time: '2026-01-02T03:04:05Z',
          $insert_id: 'ord_17/placed',
        },
      },
    ])
  })

  it('leaves out what is not there', () => {
    assert.deepEqual(mapped({ type: 'visited', userId: null }, plainEvents), [
      { event: 'visited', properties: { distinct_id: '' } },
    ])
    assert.deepEqual(mapped(undefined, plainEvents), { kind: 'dropped', rule: 'transform' })
  })

  it('rejects what has no type', () => {
    assert.partialDeepStrictEqual(mapped({ event: 'a', properties: {} }, plainEvents), {
      reason: 'transform_failed',
      detail: 'plain-events.mjs:15:39: the event has no type',
    })
  })

  it('makes what can be imported of it', () => {
    const [step] = preparedOf({ type: 'visited', userId: 'u-1', ts: 1_767_225_599 }, plainEvents)

    assert.partialDeepStrictEqual(step, { kind: 'prepared', time: 1_767_225_599_000 })
  })
})

describe('examples/debezium.mjs', () => {
  const COMMITTED = Date.UTC(2025, 11, 31, 23, 0, 0)
  /** As in Debezium's documentation of its connectors for PostgreSQL and MySQL. */
  const POSTGRES = {
    version: '3.0.0.Final',
    connector: 'postgresql',
    name: 'shop',
    ts_ms: COMMITTED,
    snapshot: 'false',
    db: 'shop',
    schema: 'public',
    table: 'orders',
    txId: 555,
    lsn: 24_023_128,
    xmin: null,
  }
  const MYSQL = {
    version: '3.0.0.Final',
    connector: 'mysql',
    name: 'shop',
    ts_ms: COMMITTED,
    snapshot: 'false',
    db: 'shop',
    table: 'customers',
    server_id: 223_344,
    file: 'mysql-bin.000003',
    pos: 484,
    row: 0,
  }
  const ROW = { id: 17, customer_id: 1004, status: 'paid', total: 12.5, card: '4111111111111111' }
  const CREATED = { before: null, after: ROW, source: POSTGRES, op: 'c', ts_ms: COMMITTED + 900 }

  it('makes an event of a new row, with the listed columns only', () => {
    assert.deepEqual(mapped(CREATED, debezium), [
      {
        event: 'orders_created',
        properties: {
          id: 17,
          status: 'paid',
          total: 12.5,
          distinct_id: '1004',
          time: COMMITTED,
          $insert_id: 'shop/orders/24023128/c/17',
        },
      },
    ])
  })

  it('reads a change that comes with its schema', () => {
    const schema = { type: 'struct', fields: [], optional: false, name: 'shop.Envelope' }

    assert.deepEqual(mapped({ schema, payload: CREATED }, debezium), mapped(CREATED, debezium))
  })

  it('names the columns that an update has changed, where the old row is there', () => {
    const before = { ...ROW, status: 'open' }
    const updated = { ...CREATED, op: 'u', before }

    assert.partialDeepStrictEqual(mapped(updated, debezium), [
      { event: 'orders_updated', properties: { changed: ['status'] } },
    ])
    assert.ok(!JSON.stringify(mapped({ ...updated, before: null }, debezium)).includes('changed'))
  })

  it('makes an event of a deleted row, of which there may be the key alone', () => {
    const before = { id: 1004, plan: null, country: null, email: null }

    assert.deepEqual(mapped({ before, after: null, source: MYSQL, op: 'd' }, debezium), [
      {
        event: 'customers_deleted',
        properties: {
          plan: null,
          country: null,
          distinct_id: '1004',
          time: COMMITTED,
          $insert_id: 'shop/customers/mysql-bin.000003:484:0/d/1004',
        },
      },
    ])
  })

  for (const [what, input] of [
    ['rows of a snapshot', { ...CREATED, op: 'r' }],
    ['other tables', { ...CREATED, source: { ...POSTGRES, table: 'constructor' } }],
    ['a truncated table', { source: POSTGRES, op: 't', ts_ms: COMMITTED }],
    ['marks of transactions', { status: 'BEGIN', id: '571:53195829', ts_ms: COMMITTED }],
    ['a tombstone', null],
    ['a message without data', undefined],
  ] as const) {
    it(`drops ${what}`, () => {
      assert.deepEqual(mapped(input, debezium), { kind: 'dropped', rule: 'transform' })
    })
  }

  it('makes what can be imported of it, the same each time', () => {
    const [step] = preparedOf(CREATED, debezium)
    const later = { ...CREATED, ts_ms: COMMITTED + 60_000 }

    assert.partialDeepStrictEqual(step, { kind: 'prepared', time: COMMITTED })
    assert.deepEqual(preparedOf(later, debezium), [step])
  })
})

function exampleOf(name: string): Promise<Transform> {
  return loadTransform(new URL(`../../../examples/${name}`, import.meta.url).pathname, OPTIONS)
}

function mapped(input: unknown, example = transform) {
  const step = stepOf(input, example)
  return 'kind' in step ? step : step.map(({ value }) => value)
}

/** The events that go to Mixpanel. */
function preparedOf(input: unknown, example: Transform) {
  const step = stepOf(input, example)
  assert.ok(!('kind' in step))
  return step.map(createPrepare({ insertId: 'message' })(aMessage()))
}

function stepOf(input: unknown, example: Transform) {
  const message = aMessage({ attributes: { source: 'web' } })
  return example(input, { number: 1, text: '' }, message)
}
