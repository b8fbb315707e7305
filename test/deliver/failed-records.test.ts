import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { listedIn } from '../../src/deliver/failed-records.ts'
import { replyIn, verdictOn } from '../../src/deliver/verdict.ts'

const SENT = ['a', 'b', 'b'].map((insertId) => ({ insertId, identityVerb: false }))

function placesIn(records: readonly unknown[]): number[] {
  return [...listedIn(records, SENT).keys()]
}

function verdictOnBody(body: string) {
  return verdictOn({ kind: 'answered', status: 400, body }, SENT)
}

describe('the failed records of an answer', () => {
  for (const index of ['0', -1, 0.5, 3, 1e21, 4_294_967_295, null, true, [0], { 0: 0 }]) {
    it(`name no event by an index that is not one: ${JSON.stringify(index)}`, () => {
      assert.deepEqual(placesIn([{ index }]), [])
    })
  }

  it('name an event once, however often they list its index', () => {
    assert.deepEqual(placesIn(Array(10).fill({ index: 1 })), [1])
    assert.deepEqual(placesIn([{ index: 0 }, { index: -0 }, { insert_id: 'a' }]), [0])
  })

  it('name no event by an insert id that two events have, or none has, or that is not a text', () => {
    assert.deepEqual(placesIn([{ insert_id: 'b' }, { insert_id: 'c' }, { insert_id: 7 }]), [])
  })

  it('are read in time in proportion to records and events: 65,000 and 2,000', () => {
    let reads = 0
    const sent = Array.from({ length: 2_000 }, (_, at) => ({
      get insertId() {
        reads += 1
        return `id-${at}`
      },
    }))
    const records = Array.from({ length: 65_000 }, (_, at) => ({ insert_id: `id-${at}` }))

    const listed = listedIn(records, sent)

    assert.equal(listed.size, 2_000)
    assert.equal(reads, 2_000)
  })

  it('do not balance when they are more than the events: the named events are rejected', () => {
    const failed_records = Array.from({ length: 10_000 }, () => ({ insert_id: 'a', message: 'no' }))

    const verdict = verdictOnBody(JSON.stringify({ failed_records, num_records_imported: 2 }))

    assert.ok(verdict.kind === 'listed')
    assert.deepEqual([...verdict.rejected.keys()], [0])
  })
})

describe('a text of an answer', () => {
  const long = 'é'.repeat(2_000_000)
  const cut = 'é'.repeat(512)

  it('is cut to 1 KB where it is read, at a character: of a record', () => {
    const body = JSON.stringify({
      failed_records: [{ index: 0, message: `x${long}`, field: long }],
      num_records_imported: 2,
    })

    const verdict = verdictOnBody(body)

    assert.ok(verdict.kind === 'settled')
    assert.deepEqual(verdict.outcomes[0], {
      kind: 'rejected',
      reason: 'refused_by_mixpanel',
      field: cut,
      detail: `x${cut.slice(0, 511)}`,
    })
  })

  for (const [name, body] of Object.entries({
    'the error': { error: long, status: 0 },
    'a list': { error: 'no', failed_records: [long], num_records_imported: 0 },
  })) {
    it(`is cut to 1 KB where it is read, at a character: of ${name}`, () => {
      const verdict = verdictOnBody(JSON.stringify(body))

      assert.ok(verdict.kind === 'refused')
      assert.equal(verdict.detail, cut)
    })
  }
})

describe('an answer of more parts than any of Mixpanel’s', () => {
  /** Commas, brackets and strings of a list, as many as there may be. */
  const most = 250_000 - 3

  for (const [name, part, parts] of [
    ['numbers', '1', 1],
    ['objects', '{}', 2],
    ['texts', '""', 2],
  ] as const) {
    it(`is none, and one with as many is one: ${name}`, () => {
      const count = Math.floor((most + 1) / (parts as number))
      const list = (length: number): string => `{"failed_records":[${Array(length).fill(part)}]}`

      assert.notEqual(replyIn(list(count)), undefined)
      assert.equal(replyIn(list(count + 1)), undefined)
    })
  }

  it('is none when it is nested a hundred and one times', () => {
    const nested = (depth: number): string => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`

    assert.notEqual(replyIn(nested(99)), undefined)
    assert.equal(replyIn(nested(100)), undefined)
  })
})
