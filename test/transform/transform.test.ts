import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createTransform } from '../../src/transform/transform.ts'
import type { TransformContext } from '../../src/transform/types.ts'
import { aMessage } from '../helpers/builders.ts'

const LINE = { number: 3, text: '{"event":"raw"}' }
const A = { event: 'a', properties: {} }
const B = { event: 'b', properties: {} }

describe('createTransform', () => {
  it('leaves the text of an error out of the outcome when it is told to', () => {
    const fail = () => {
      throw new Error('no account for a@example.com')
    }
    const transform = createTransform(fail, import.meta.dirname, true)

    const made = transform({}, LINE, aMessage())

    assert.ok('kind' in made && made.kind === 'rejected')
    assert.match(
      made.detail,
      /^transform\.test\.ts:\d+:\d+: threw an error, whose text is left out/,
    )
  })

  it('makes one event the only child of its line', () => {
    assert.deepEqual(
      outcomeOf(() => A),
      [{ line: LINE, child: 0, text: '{"event":"a","properties":{}}', value: A }],
    )
  })

  it('makes the only event of an array the only child of its line', () => {
    assert.deepEqual(
      childrenOf(() => [A]),
      [[0, 'a']],
    )
  })

  it('numbers several events from 1', () => {
    assert.deepEqual(
      childrenOf(() => [A, B, A]),
      [
        [1, 'a'],
        [2, 'b'],
        [3, 'a'],
      ],
    )
  })

  for (const nothing of [null, []]) {
    it(`drops the event for ${JSON.stringify(nothing)}`, () => {
      assert.deepEqual(
        outcomeOf(() => nothing),
        { kind: 'dropped', rule: 'transform' },
      )
    })
  }

  it('hands on what the JSON of an event says, not what it was made of', () => {
    const properties = { at: new Date(0), gone: undefined, not: Number.NaN }

    const [candidate] = candidatesOf(() => ({ event: 'a', properties }))

    assert.deepEqual(candidate?.value, {
      event: 'a',
      properties: { at: '1970-01-01T00:00:00.000Z', not: null },
    })
    assert.deepEqual(JSON.parse(candidate?.text ?? ''), candidate?.value)
  })

  it('keeps names like those of a prototype, of attributes and of properties', () => {
    const names = '{"__proto__":"a","constructor":"b","toString":"c","then":"d","kind":"e"}'
    const copy = createTransform((input, { attributes }) => {
      return { event: 'a', properties: { input, attributes } }
    })

    const copies = copy(JSON.parse(names), LINE, aMessage({ attributes: JSON.parse(names) }))

    const properties = `{"input":${names},"attributes":${names}}`
    assert.partialDeepStrictEqual(copies, [{ text: `{"event":"a","properties":${properties}}` }])
  })

  it('writes half a character as an escape, so that the text stays UTF-8', () => {
    const [candidate] = candidatesOf(() => ({ event: '\ud800', properties: {} }))

    assert.ok(candidate?.text.isWellFormed())
  })

  it('gives the function what its message is known by, less the data', () => {
    const contexts: TransformContext[] = []
    const message = aMessage({
      attributes: { source: 'web' },
      orderingKey: 'k',
      deliveryAttempt: 2,
    })

    createTransform((_, context) => {
      contexts.push(context)
      return A
    })({}, LINE, message)

    assert.deepEqual(contexts, [
      {
        messageId: message.messageId,
        subscription: message.subscription,
        attributes: { source: 'web' },
        publishTime: message.publishTime,
        orderingKey: 'k',
        deliveryAttempt: 2,
        line: 3,
      },
    ])
  })

  it('hides what a dead-letter policy adds to the attributes of its copy', () => {
    const copied = { source: 'web', CloudPubSubDeadLetterSource: 'mine' }
    const message = aMessage({
      attributes: {
        ...copied,
        CloudPubSubDeadLetterSourceDeliveryCount: '5',
        CloudPubSubDeadLetterSourceSubscription: 's',
        CloudPubSubDeadLetterSourceSubscriptionProject: 'p',
        CloudPubSubDeadLetterSourceTopicPublishTime: '2026-01-01T00:00:00Z',
      },
    })
    const copy = createTransform((_, { attributes }) => ({ event: 'a', properties: attributes }))

    const copies = copy({}, LINE, message)

    assert.partialDeepStrictEqual(copies, [{ value: { event: 'a', properties: copied } }])
    assert.ok(!JSON.stringify(copies).includes('DeliveryCount'))
    assert.equal(Object.keys(message.attributes).length, 6)
  })

  it('lets the function change nothing of the message', () => {
    const message = aMessage({ attributes: { source: 'web' } })

    createTransform((_, context) => {
      Reflect.set(context.attributes, 'source', 'changed')
      return A
    })({}, LINE, message)

    assert.deepEqual(message.attributes, { source: 'web' })
  })

  it('hands over undefined for a message without data', () => {
    const transform = createTransform((input) => ({ event: typeof input, properties: {} }))

    const outcome = transform(undefined, LINE, aMessage())

    assert.partialDeepStrictEqual(outcome, [{ value: { event: 'undefined' } }])
  })

  describe('rejects the event as transform_failed', () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = cyclic
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
    const thenable = Object.fromEntries([['then', () => undefined]])
    const faults: [string, () => unknown, RegExp][] = [
      ['that it throws for, with the reason', () => fail(new Error('no user')), /^no user$/],
      ['that it throws a text for', () => fail('no user'), /^no user$/],
      ['that it throws anything for', () => fail(Object.create(null)), /not an error/],
      [
        'that it throws an error without a text for',
        () => fail(Object.assign(new Error(), { message: Object.create(null) })),
        /no text/,
      ],
      ['that it throws what throws when asked for', () => fail(unaskable()), /no text/],
      ['that it throws an error for whose text throws', () => fail(unspeaking()), /no text/],
      ['that it returns nothing for', () => undefined, /return null to drop/],
      ['that it returns a promise for', async () => A, /at once/],
      [
        'that it returns a promise for that rejects',
        () => Promise.reject(new Error('x')),
        /at once/,
      ],
      [
        'of which several are promises that reject',
        () => [A, Promise.reject(new Error('x')), Promise.reject(new Error('y'))],
        /at once/,
      ],
      ['that it returns anything with a then for', () => thenable, /at once/],
      ['that it makes cyclic', () => cyclic, /circular/],
      ['that it nests without end', () => deep, /stack/],
      ['that it puts a bigint into', () => ({ event: 'a', properties: { n: 1n } }), /BigInt/],
      ['that it makes a function', () => () => A, /function/],
      ['of which one of several is nothing', () => [A, undefined], /undefined/],
    ]
    for (const [which, fault, detail] of faults) {
      it(which, () => {
        const outcome = outcomeOf(fault)

        assert.ok('kind' in outcome && outcome.kind === 'rejected')
        assert.equal(outcome.reason, 'transform_failed')
        assert.match(outcome.detail, detail)
      })
    }
  })
})

function outcomeOf(fn: () => unknown) {
  return createTransform(fn)({}, LINE, aMessage())
}

function candidatesOf(fn: () => unknown) {
  const outcome = outcomeOf(fn)
  assert.ok(!('kind' in outcome))
  return outcome
}

function childrenOf(fn: () => unknown): [number, unknown][] {
  return candidatesOf(fn).map(({ child, text }) => [child, JSON.parse(text).event])
}

/** An object of which every use throws. */
function unaskable(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function unspeaking(): Error {
  return Object.defineProperty(new Error(), 'message', { get: () => fail(unaskable()) })
}

function fail(error: unknown): never {
  throw error
}
