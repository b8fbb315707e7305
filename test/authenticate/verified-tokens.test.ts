import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createVerifiedTokens } from '../../src/authenticate/oidc.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

it('knows a remembered token until its time is up', async () => {
  const clock = createFakeClock()
  const tokens = createVerifiedTokens(clock)
  tokens.remember('a-token', clock.now() + 1000)

  await clock.advance(999)
  const before = tokens.trustedUntil('a-token')
  await clock.advance(1)

  assert.deepEqual([before, tokens.trustedUntil('a-token')], [clock.now(), undefined])
})

it('knows no other token', () => {
  const tokens = createVerifiedTokens(createFakeClock(0))

  tokens.remember('a-token', 1000)

  assert.equal(tokens.trustedUntil('a-tokem'), undefined)
})

it('forgets the oldest when it is full', () => {
  const tokens = createVerifiedTokens(createFakeClock(0), 2)

  for (const token of ['a', 'b', 'a', 'c']) tokens.remember(token, 1000)

  assert.deepEqual(
    ['a', 'b', 'c'].map((token) => tokens.trustedUntil(token)),
    [1000, undefined, 1000],
  )
})

it('holds a thousand tokens and no more', () => {
  const tokens = createVerifiedTokens(createFakeClock(0))

  for (let token = 0; token <= 1000; token += 1) tokens.remember(`${token}`, 1000)

  assert.deepEqual([tokens.trustedUntil('0'), tokens.trustedUntil('1')], [undefined, 1000])
})
