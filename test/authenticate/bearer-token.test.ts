import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type JudgedToken, withBearerToken } from '../../src/authenticate/bearer-token.ts'
import { refused } from '../../src/authenticate/refused.ts'
import type { Authenticate } from '../../src/model/authentication.ts'
import { anyText } from '../helpers/any-text.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'

const GOOD_FOR_MS = 1_000
const GOOD = 'Bearer a.good.token'

interface World {
  readonly authenticate: Authenticate
  readonly clock: FakeClock
  /** The tokens that were judged. */
  readonly judged: string[]
}

function createWorld(...good: string[]): World {
  const clock = createFakeClock()
  const judged: string[] = []
  const judge = (token: string): JudgedToken => {
    judged.push(token)
    if (!good.includes(token)) return refused('TOKEN_INVALID')
    return { kind: 'trusted', until: clock.now() + GOOD_FOR_MS }
  }
  return { authenticate: withBearerToken(judge, clock), clock, judged }
}

async function kindOf(authenticate: Authenticate, authorization?: string): Promise<string> {
  return (await authenticate(authorization)).kind
}

describe('the last good header', () => {
  it('is trusted again without a judgement', async () => {
    const { authenticate, judged } = createWorld('a.good.token')

    for (const header of [GOOD, GOOD, GOOD]) {
      assert.equal(await kindOf(authenticate, header), 'trusted')
    }

    assert.deepEqual(judged, ['a.good.token'])
  })

  it('is judged again when its time is up', async () => {
    const { authenticate, judged, clock } = createWorld('a.good.token')
    await authenticate(GOOD)

    await clock.advance(GOOD_FOR_MS - 1)
    await authenticate(GOOD)
    const before = judged.length
    await clock.advance(1)
    await authenticate(GOOD)

    assert.deepEqual([before, judged.length], [1, 2])
  })

  it('is kept when other headers are refused, and gives way to another good one', async () => {
    const { authenticate, judged } = createWorld('a.good.token', 'another.good')

    for (const header of [GOOD, 'Bearer a.bad.tokens', GOOD, 'Bearer another.good', GOOD]) {
      await authenticate(header)
    }

    assert.deepEqual(judged, ['a.good.token', 'a.bad.tokens', 'another.good', 'a.good.token'])
  })

  it('is kept when its judgement takes time', async () => {
    let asked = 0
    const clock = createFakeClock()
    const judge = async (): Promise<JudgedToken> => {
      asked += 1
      return { kind: 'trusted', until: clock.now() + GOOD_FOR_MS }
    }
    const authenticate = withBearerToken(judge, clock)

    await authenticate(GOOD)
    await authenticate(GOOD)

    assert.equal(asked, 1)
  })

  it('lets no other header in, however close', async () => {
    const { authenticate } = createWorld('a.good.token')
    await authenticate(GOOD)
    // U+0141 is U+0041 in one byte, and a letter in two bytes hides the end of the header.
    const near = fc.record({
      at: fc.integer({ min: 0, max: GOOD.length - 1 }),
      unit: fc.oneof(anyText({ minLength: 1, maxLength: 2 }), fc.constant('Ł')),
    })

    await fc.assert(
      fc.asyncProperty(near, async ({ at, unit }) => {
        const header = GOOD.slice(0, at) + unit + GOOD.slice(at + unit.length)
        const isSame = header.toLowerCase().startsWith('bearer ') && header.endsWith(GOOD.slice(7))
        assert.equal(await kindOf(authenticate, header), isSame ? 'trusted' : 'refused')
        assert.equal(await kindOf(authenticate, GOOD), 'trusted')
      }),
    )
  })

  it('is none at first: an empty header is refused', async () => {
    const { authenticate } = createWorld('')

    for (const header of [undefined, '', 'Bearer ']) {
      assert.equal(await kindOf(authenticate, header), 'refused')
    }
  })
})
