import assert from 'node:assert/strict'
import type { OutgoingHttpHeaders } from 'node:http'
import { describe } from 'node:test'
import type { PushRouteDeps } from '../../src/http/push-route.ts'
import { bytesOf } from '../../src/lib/base64.ts'
import type { Authentication, Refused } from '../../src/model/authentication.ts'
import { TRUSTED } from '../../src/model/authentication.ts'
import type { Message } from '../../src/model/message.ts'
import type { Settlement } from '../../src/model/settlement.ts'
import { answerTo, overBoth, SMALL_PUSH } from '../helpers/app.ts'
import { settled, until } from '../helpers/until.ts'

const MIB = 1024 * 1024
const ACK: Settlement = { kind: 'ack', reason: 'empty', status: 204 }
const NO_TOKEN: Refused = { kind: 'refused', status: 401, code: 'TOKEN_MISSING', detail: 'none' }
const NO_KEYS: Refused = { kind: 'refused', status: 503, code: 'KEYS_UNAVAILABLE', detail: 'none' }
const ANNOUNCED = { 'content-length': 100_000 }
const CHUNKED = { 'transfer-encoding': 'chunked' }

describe('the room for a body', () => {
  overBoth(
    'is held from the headers on, twice what they announce, and given back with the answer',
    async (t, startApp) => {
      const { begin, budget } = await startApp(t)
      const push = begin(ANNOUNCED)

      push.write(SMALL_PUSH)
      await until('the room is taken', () => budget.held() >= 200_000)
      assert.equal(budget.held(), 200_000)
      push.end(' '.repeat(100_000 - SMALL_PUSH.length))

      assert.equal(await answerTo(push), '204')
      await until('the room is given back', () => budget.held() === 0)
    },
  )

  overBoth('grows with the chunks of a body that announces no length', async (t, startApp) => {
    const { begin, budget } = await startApp(t)
    const push = begin(CHUNKED)

    push.write(SMALL_PUSH)
    await until('the first chunk is counted', () => budget.held() === 2 * SMALL_PUSH.length)
    push.write(' '.repeat(1_000))
    await until('the second chunk is counted', () => {
      return budget.held() === 2 * (SMALL_PUSH.length + 1_000)
    })
    push.end()

    assert.equal(await answerTo(push), '204')
    assert.equal(budget.held(), 0)
  })

  overBoth(
    'is given back once the body is read, though its message is not settled',
    async (t, startApp) => {
      const settlement = Promise.withResolvers<Settlement>()
      let asked = false
      const settle = (): Promise<Settlement> => {
        asked = true
        return settlement.promise
      }
      const { push, budget } = await startApp(t, { deps: { settle } })

      const answer = push()
      await until('the message is to be settled', () => asked)
      await until('the room is given back', () => budget.held() === 0)
      settlement.resolve(ACK)

      assert.equal(await answer, '204')
    },
  )

  overBoth('is given back by each of many pushes', async (t, startApp) => {
    const { push, budget } = await startApp(t)

    const answers = await Promise.all(Array.from({ length: 30 }, () => push()))

    assert.deepEqual(new Set(answers), new Set(['204']))
    await until('the room is given back', () => budget.held() === 0)
  })

  overBoth('is given back when more is announced than is ever read', async (t, startApp) => {
    const { begin, push, budget } = await startApp(t)

    const answers: string[] = []
    for (let n = 0; n < 4; n++) answers.push(await answerTo(begin({ 'content-length': 17 * MIB })))

    assert.deepEqual(answers, Array(4).fill('413 BODY_TOO_LARGE'))
    assert.equal(await push(), '204')
    await until('the room is given back', () => budget.held() === 0)
  })

  for (const [how, headers] of Object.entries({ announced: ANNOUNCED, chunked: CHUNKED })) {
    overBoth(
      `is given back when the client hangs up in the middle of it: ${how}`,
      async (t, startApp) => {
        const { begin, budget } = await startApp(t)
        const push = begin(headers)
        push.write(SMALL_PUSH)
        await until('the room is taken', () => budget.held() > 0)

        push.destroy()

        await until('the room is given back', () => budget.held() === 0)
      },
    )
  }

  overBoth(
    'is given back when the client has hung up while its token was checked',
    async (t, startApp) => {
      const checked = Promise.withResolvers<Authentication>()
      let tokensSeen = 0
      let bodiesOpened = 0
      const { app, begin, budget } = await startApp(t, {
        deps: {
          authenticate: () => {
            tokensSeen += 1
            return checked.promise
          },
          budget: {
            openBody() {
              bodiesOpened += 1
              return budget.openBody()
            },
          },
        },
      })
      let hungUp = 0
      app.server.on('connection', (socket) => socket.on('close', () => (hungUp += 1)))
      const push = begin(ANNOUNCED)
      push.write(SMALL_PUSH)
      await until('its token is being checked', () => tokensSeen === 1)

      push.destroy()
      await until('the app has noticed', () => hungUp === 1)
      checked.resolve(TRUSTED)
      await until('the room is asked for', () => bodiesOpened === 1)

      assert.equal(budget.held(), 0)
    },
  )
})

describe('before a body is read', () => {
  overBoth('a push is refused while draining', async (t, startApp) => {
    const { begin } = await startApp(t, { deps: { lifecycle: { phase: 'draining' } } })

    assert.equal(await answerTo(begin(ANNOUNCED)), '503 DRAINING')
  })

  overBoth('a push without a good token is refused', async (t, startApp) => {
    const { begin } = await startApp(t, { deps: { authenticate: () => NO_TOKEN } })

    assert.equal(await answerTo(begin(ANNOUNCED)), '401 TOKEN_MISSING')
  })

  overBoth('a push is refused for which there is no room', async (t, startApp) => {
    const { begin, budget } = await startApp(t)
    budget.openMessage().add(32 * MIB)

    assert.equal(await answerTo(begin(ANNOUNCED)), '503 OVERLOADED')
  })

  overBoth(
    'a push without a good token does not learn that there is no room',
    async (t, startApp) => {
      const { begin, budget } = await startApp(t, { deps: { authenticate: () => NO_TOKEN } })
      budget.openMessage().add(32 * MIB)

      assert.equal(await answerTo(begin(ANNOUNCED)), '401 TOKEN_MISSING')
      assert.equal(budget.held(), 32 * MIB)
    },
  )
})

describe('the deadline of a push', () => {
  overBoth('is counted from its headers, however long its body takes', async (t, startApp) => {
    const headers = Promise.withResolvers<void>()
    const deadlines: number[] = []
    const { begin, clock } = await startApp(t, {
      options: { answerWithinMs: 9_000 },
      deps: {
        authenticate: () => {
          headers.resolve()
          return TRUSTED
        },
        settle: async (_message, answerBy) => {
          deadlines.push(answerBy)
          return ACK
        },
      },
    })
    await clock.advance(1_000)
    const push = begin({ 'content-length': SMALL_PUSH.length })

    await settled('the headers', headers.promise)
    await clock.advance(5_000)
    push.end(SMALL_PUSH)

    assert.equal(await answerTo(push), '204')
    assert.deepEqual(deadlines, [10_000])
  })
})

overBoth('reads a large announced body to its last byte', async (t, startApp) => {
  const ids: string[] = []
  const settle = async ({ messageId, data }: Message): Promise<Settlement> => {
    ids.push(messageId, bytesOf(data).toString('base64'))
    return ACK
  }
  const { begin } = await startApp(t, { deps: { settle } })
  const body = Buffer.from(`{"message":{"data":"${'A'.repeat(400_000)}","messageId":"é"}}`)
  const middle = body.indexOf(Buffer.from('é')) + 1
  const push = begin({ 'content-length': body.length })

  push.write(body.subarray(0, middle))
  push.end(body.subarray(middle))

  assert.equal(await answerTo(push), '204')
  assert.deepEqual(ids, ['é', 'A'.repeat(400_000)])
})

overBoth('reads a character whose bytes come in two chunks', async (t, startApp) => {
  const ids: string[] = []
  const settle = async ({ messageId }: Message): Promise<Settlement> => {
    ids.push(messageId)
    return ACK
  }
  const { begin, budget } = await startApp(t, { deps: { settle } })
  const body = Buffer.from('{"message":{"messageId":"é"}}')
  const middle = body.indexOf(Buffer.from('é')) + 1
  const push = begin(CHUNKED)

  push.write(body.subarray(0, middle))
  await until('the first chunk has arrived', () => budget.held() > 0)
  push.end(body.subarray(middle))

  assert.equal(await answerTo(push), '204')
  assert.deepEqual(ids, ['é'])
})

overBoth(
  'takes pushes of the listed subscriptions alone, by their full names',
  async (t, startApp) => {
    const subscriptions = new Set(['projects/p/subscriptions/a', 'b'])
    const { begin } = await startApp(t, { deps: { settle: async () => ACK, subscriptions } })

    const answers: string[] = []
    for (const subscription of [
      'projects/p/subscriptions/a',
      'b',
      'a',
      'projects/p/subscriptions/aa',
    ]) {
      const body = JSON.stringify({ message: { messageId: '1' }, subscription })
      const push = begin({ 'content-length': body.length })
      push.end(body)
      answers.push(await answerTo(push))
    }

    assert.deepEqual(answers, [
      '204',
      '204',
      '403 SUBSCRIPTION_REFUSED',
      '403 SUBSCRIPTION_REFUSED',
    ])
  },
)

describe('a push that is refused', () => {
  const cases = {
    'without a good token': [{ deps: { authenticate: () => NO_TOKEN } }, '401 TOKEN_MISSING'],
    'without keys to check its token': [
      { deps: { authenticate: async () => NO_KEYS } },
      '503 KEYS_UNAVAILABLE',
    ],
    'of another subscription': [
      { deps: { subscriptions: new Set(['projects/p/subscriptions/another']) } },
      '403 SUBSCRIPTION_REFUSED',
    ],
    'while draining': [{ deps: { lifecycle: { phase: 'draining' } } }, '503 DRAINING'],
    'that is not JSON': [{ body: '{"message":' }, '400 BODY_NOT_JSON'],
    'that is no envelope': [{ body: '[]' }, '400 NOT_A_PUSH_ENVELOPE'],
    'that is announced too large': [{ body: ' '.repeat(17 * MIB) }, '413 BODY_TOO_LARGE'],
    'that becomes too large': [
      { body: ' '.repeat(17 * MIB), headers: CHUNKED },
      '413 BODY_TOO_LARGE',
    ],
  } as const
  for (const [which, [changes, expected]] of Object.entries(cases)) {
    overBoth(`is counted and logged under its code: ${which}`, async (t, startApp) => {
      const { body = SMALL_PUSH, headers, deps = {} } = { ...EMPTY, ...changes }
      const { begin, refusals, log } = await startApp(t, { deps })

      const push = begin(headers ?? { 'content-length': body.length })
      push.end(body)

      assert.equal(await answerTo(push), expected)
      const [, code = ''] = expected.split(' ')
      assert.deepEqual(await refusals(), { [code]: 1 })
      assert.partialDeepStrictEqual(log.filter(isLoud), [{ severity: 'WARNING', code }])
    })
  }
})

describe('a body of more parts than any push', () => {
  const wide = {
    'arrays in a key of its own': `"x":[${'[],'.repeat(30_000)}[]]`,
    'members of a key of its own': `"x":{${members(20_000)}}`,
    'keys of its own': members(20_000),
    'strings in a key of its own': `"x":[${'"",'.repeat(30_000)}""]`,
    attributes: `"message":{"messageId":"1","attributes":{${members(20_000, '"v"')}}}`,
  }
  for (const [what, part] of Object.entries(wide)) {
    overBoth(`is no push, and is not parsed: ${what}`, async (t, startApp) => {
      const { push } = await startApp(t)

      assert.equal(await push(`{"message":{"messageId":"1"},${part}}`), '400 NOT_A_PUSH_ENVELOPE')
    })
  }

  overBoth(
    'is not what stands in a string: brackets, commas and quotes are its text',
    async (t, startApp) => {
      const { push } = await startApp(t)
      const text = JSON.stringify(`${'[],{}'.repeat(20_000)}${'\\",'.repeat(20_000)}`)

      assert.equal(await push(`{"message":{"messageId":"1","data":${text}}}`), '204')
      assert.equal(await push(`{"message":{"messageId":"1"},"x":${text}}`), '204')
    },
  )

  overBoth(
    'is not a push of 200 attributes, though all of their text is escaped',
    async (t, startApp) => {
      const { push } = await startApp(t)
      const escaped = (text: string) => `"${text.replaceAll(/./g, '\\u0061')}"`
      const name = (index: number) => `"${index}\\u0061${'\\u002c'.repeat(100)}"`
      const attributes = Array.from(
        { length: 200 },
        (_, index) => `${name(index)}:${escaped('v'.repeat(1_024))}`,
      )

      const body = `{"message":{"messageId":"1","attributes":{${attributes}}}}`

      assert.equal(await push(body), '204')
    },
  )
})

function members(count: number, value = '1'): string {
  return Array.from({ length: count }, (_, index) => `"${index}":${value}`).join(',')
}

describe('a client that hangs up in the middle of its body', () => {
  for (const [how, headers] of Object.entries({ announced: ANNOUNCED, chunked: CHUNKED })) {
    for (const leave of ['destroy', 'end'] as const) {
      overBoth(
        `is neither counted nor logged as having sent no JSON: ${how}, ${leave}`,
        async (t, startApp) => {
          const { begin, budget, push, refusals, log } = await startApp(t)
          const broken = begin(headers)
          broken.write(SMALL_PUSH)
          await until('the room is taken', () => budget.held() > 0)

          broken.hangUp(leave)
          await until('the room is given back', () => budget.held() === 0)

          assert.equal(await push(), '204')
          assert.deepEqual(await refusals(), {})
          assert.deepEqual(log.filter(isLoud), [])
        },
      )
    }
  }
})

overBoth('answers a bug with 500, and leaves one ERROR line', async (t, startApp) => {
  const { push, refusals, log } = await startApp(t, {
    deps: { settle: () => Promise.reject(new Error('a bug')) },
  })

  assert.equal(await push(), '500 UNFORESEEN')
  assert.partialDeepStrictEqual(log.filter(isLoud), [{ severity: 'ERROR', err: { type: 'Error' } }])
  assert.deepEqual(await refusals(), {})
})

describe('under pressure', () => {
  // The least that there can be: there is always pressure, from the first sample on.
  const lateLoop = { maxEventLoopDelayMs: Number.MIN_VALUE, pressureSampleMs: 10 }
  const fullHeap = { maxHeapUsedBytes: 1, pressureSampleMs: 10 }

  overBoth('a push is refused for a late event loop alone', async (t, startApp) => {
    const { push, budget } = await startApp(t, { options: lateLoop })

    await until('a push is refused', async () => (await push()) === '503 OVERLOADED')
    await until('no room is held', () => budget.held() === 0)
  })

  overBoth(
    'a push is taken though the event loop was late, when that was a freeze',
    async (t, startApp) => {
      let forgiven = 0
      const wasFrozen = (): boolean => {
        forgiven += 1
        return true
      }
      const { push } = await startApp(t, { options: lateLoop, deps: { wasFrozen } })

      await until('the event loop is found late', async () => {
        assert.equal(await push(), '204')
        return forgiven > 0
      })
    },
  )

  overBoth('a push is refused for a full heap, frozen or not', async (t, startApp) => {
    const { push } = await startApp(t, { options: fullHeap, deps: { wasFrozen: () => true } })

    await until('a push is refused', async () => (await push()) === '503 OVERLOADED')
  })
})

/** A push that differs in nothing. */
const EMPTY: {
  readonly body?: string
  readonly headers?: OutgoingHttpHeaders
  readonly deps?: Partial<PushRouteDeps>
} = {}

function isLoud({ severity }: { severity: string }): boolean {
  return severity === 'WARNING' || severity === 'ERROR' || severity === 'CRITICAL'
}
