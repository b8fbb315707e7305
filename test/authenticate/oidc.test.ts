import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { CryptoKey } from 'jose'
import { importJWK } from 'jose'
import { type JudgeToken, withBearerToken } from '../../src/authenticate/bearer-token.ts'
import { createCloudRunIam } from '../../src/authenticate/cloud-run-iam.ts'
import type { FoundKey } from '../../src/authenticate/keys.ts'
import { createOidc } from '../../src/authenticate/oidc.ts'
import type { Authenticate } from '../../src/model/authentication.ts'
import { anyText } from '../helpers/any-text.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'
import {
  AUDIENCE,
  claimsOfPush,
  createSigner,
  GOOGLE,
  handMade,
  PUSHER,
  stripped,
} from './signer.ts'

const issuer = await createSigner('first')
const key = await importKey()
const EXPECTED = { issuers: GOOGLE, audiences: [AUDIENCE], serviceAccounts: [PUSHER] }

async function importKey(): Promise<CryptoKey> {
  const imported = await importJWK(issuer.jwk)
  assert.ok('algorithm' in imported)
  return imported
}

interface World {
  readonly judge: JudgeToken
  readonly clock: FakeClock
  /** How often a key was looked for, as each verification begins. */
  verifications(): number
}

function createWorld(): World {
  let asked = 0
  const clock = createFakeClock()
  const keys = {
    async find(): Promise<FoundKey> {
      asked += 1
      return { kind: 'found', key }
    },
  }
  const judge = createOidc(EXPECTED, { keys, clock })
  return { judge, clock, verifications: () => asked }
}

function authenticateIn({ judge, clock }: World): Authenticate {
  return withBearerToken(judge, clock)
}

describe('a token of several pushes at once', () => {
  for (const [what, claims, kind] of [
    ['trusted', {}, 'trusted'],
    ['refused', { email: 'other@example' }, 'refused'],
  ] as const) {
    it(`is verified once when it is ${what}, and again for a later push`, async () => {
      const { judge, clock, verifications } = createWorld()
      const token = await issuer.sign(claimsOfPush(clock.now(), claims))

      const answers = await Promise.all([judge(token), judge(token), judge(token)])

      assert.deepEqual(new Set(answers.map((answer) => answer.kind)), new Set([kind]))
      assert.equal(verifications(), 1)
      await judge(token)
      assert.equal(verifications(), kind === 'trusted' ? 1 : 2)
    })
  }

  it('says nothing about another token', async () => {
    const { judge, clock } = createWorld()
    const token = await issuer.sign(claimsOfPush(clock.now()))

    const answers = await Promise.all([judge(token), judge(`${token.slice(0, -8)}AAAAAAAA`)])

    assert.deepEqual(
      answers.map((answer) => answer.kind),
      ['trusted', 'refused'],
    )
  })

  it('is verified anew after a verification that threw', async () => {
    const { clock } = createWorld()
    let asked = 0
    const find = async (): Promise<FoundKey> => {
      asked += 1
      throw new Error('a bug')
    }
    const judge = createOidc(EXPECTED, { keys: { find }, clock })
    const token = await issuer.sign(claimsOfPush(clock.now()))

    await assert.rejects(async () => judge(token), /a bug/)
    await assert.rejects(async () => judge(token), /a bug/)
    assert.equal(asked, 2)
  })
})

describe('a token seen before', () => {
  it('is trusted at once, without another verification', async () => {
    const { judge, clock, verifications } = createWorld()
    const token = await issuer.sign(claimsOfPush(clock.now()))
    await judge(token)

    const again = judge(token)

    assert.partialDeepStrictEqual(again, { kind: 'trusted' })
    assert.equal(verifications(), 1)
  })

  it('is refused once it has expired', async () => {
    const { judge, clock } = createWorld()
    const token = await issuer.sign(claimsOfPush(clock.now()))
    await judge(token)

    await clock.advance(3_900_000 - 1)
    const before = await judge(token)
    await clock.advance(1)
    const after = await judge(token)

    assert.equal(before.kind, 'trusted')
    assert.partialDeepStrictEqual(after, { status: 401, code: 'TOKEN_EXPIRED' })
  })

  it('does not vouch for the same claims under another signature', async () => {
    const { judge, clock } = createWorld()
    const token = await issuer.sign(claimsOfPush(clock.now()))
    await judge(token)

    const answer = await judge(`${token.slice(0, -8)}AAAAAAAA`)

    assert.partialDeepStrictEqual(answer, { code: 'TOKEN_SIGNATURE_INVALID' })
  })

  it('is verified again when it was refused', async () => {
    const { judge, clock, verifications } = createWorld()
    const token = await issuer.sign(claimsOfPush(clock.now(), { email: 'other@example' }))

    const answers = [await judge(token), await judge(token)]

    assert.ok(answers.every(({ kind }) => kind === 'refused'))
    assert.equal(verifications(), 2)
  })
})

describe('a refused audience', () => {
  const nearly = { aud: `${AUDIENCE}/` }

  it('is told how it differs when its token is well signed', async () => {
    const { judge, clock } = createWorld()

    const answer = await judge(await issuer.sign(claimsOfPush(clock.now(), nearly)))

    assert.ok(answer.kind === 'refused')
    assert.equal(answer.code, 'TOKEN_AUDIENCE_REFUSED')
    assert.match(answer.detail, / The two differ only in the slash at the end\.$/)
  })

  it('is told nothing when anybody can have typed it', async () => {
    const { judge, clock } = createWorld()
    const claims = claimsOfPush(clock.now(), nearly)

    const answers = [
      await judge(handMade({ alg: 'RS256', kid: 'first' }, claims, 'AAAA')),
      await createCloudRunIam(EXPECTED, clock)(stripped(claims)),
    ]

    for (const answer of answers) {
      assert.ok(answer.kind === 'refused')
      assert.doesNotMatch(answer.detail, /differ/)
    }
  })

  it('is logged with how it differs when Cloud Run has removed the signature', async () => {
    const { clock } = createWorld()

    const answer = await createCloudRunIam(
      EXPECTED,
      clock,
    )(stripped(claimsOfPush(clock.now(), nearly)))

    assert.ok(answer.kind === 'refused')
    assert.equal(answer.hint, 'The two differ only in the slash at the end.')
  })
})

describe('a token of any shape', () => {
  const segment = fc.oneof(
    fc.string(),
    fc.base64String(),
    fc.constant(Buffer.from('{"alg":"RS256","kid":"first"}').toString('base64url')),
    fc.constant(Buffer.from(JSON.stringify(claimsOfPush(0))).toString('base64url')),
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
  )
  const text = fc.oneof(
    anyText(),
    fc.array(segment, { maxLength: 5 }).map((segments) => segments.join('.')),
  )
  const header = fc.record({ alg: fc.jsonValue(), kid: fc.jsonValue(), b64: fc.jsonValue() })

  it('is refused by oidc unless the issuer has signed it, and never throws', async () => {
    const authenticate = authenticateIn(createWorld())

    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        const answer = await authenticate(`Bearer ${token}`)
        assert.ok(answer.kind === 'refused')
        assert.ok(token.length < 20 || !answer.detail.includes(token))
      }),
    )
  })

  it('is refused by oidc when it has no signature', async () => {
    const { judge, clock } = createWorld()

    await fc.assert(
      fc.asyncProperty(header, async (fields) => {
        const answer = await judge(handMade(fields, claimsOfPush(clock.now()), 'AAAA'))
        assert.equal(answer.kind, 'refused')
      }),
    )
  })

  it('cloud_run_iam refuses what carries no good claims, and never throws', async () => {
    const judge = createCloudRunIam(EXPECTED, createFakeClock())

    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        for (const end of ['', '.SIGNATURE_REMOVED_BY_GOOGLE']) {
          assert.equal((await judge(token + end)).kind, 'refused')
        }
      }),
    )
  })

  it('any Authorization header that is no bearer token is refused', async () => {
    const authenticate = authenticateIn(createWorld())

    await fc.assert(
      fc.asyncProperty(fc.string(), async (authorization) => {
        assert.equal((await authenticate(authorization)).kind, 'refused')
      }),
    )
  })
})
