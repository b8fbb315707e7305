import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { SignJWT } from 'jose'
import { type Authenticator, createAuthenticator } from '../../src/authenticate/authenticator.ts'
import type { PushAuth } from '../../src/model/authentication.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'
import { type KeyServer, startKeyServer } from './key-server.ts'
import {
  AUDIENCE,
  claimsOfPush,
  createSigner,
  GOOGLE,
  handMade,
  PUSHER,
  stripped,
} from './signer.ts'

const HOUR_MS = 3_600_000
const issuer = await createSigner('first')
const nextIssuer = await createSigner('second')
const stranger = await createSigner('first')
const elliptic = await createSigner('elliptic', 'ES256')

interface World {
  readonly authenticator: Authenticator
  readonly keyServer: KeyServer
  readonly clock: FakeClock
  readonly failures: unknown[]
}

async function startOidc(t: TestContext): Promise<World> {
  const keyServer = await startKeyServer(t)
  keyServer.publish(issuer.jwk, elliptic.jwk)
  const clock = createFakeClock()
  const failures: unknown[] = []
  const authenticator = createAuthenticator(
    {
      kind: 'oidc',
      audiences: [AUDIENCE, 'another-audience'],
      serviceAccounts: [PUSHER],
      issuers: GOOGLE,
      jwksUrl: keyServer.url,
    },
    { clock, keyFetchFailed: (error) => failures.push(error) },
  )
  t.after(authenticator.stop)
  return { authenticator, keyServer, clock, failures }
}

function createWithoutKeys(options: Exclude<PushAuth, { kind: 'oidc' }>, now: number) {
  const clock = createFakeClock(now)
  return createAuthenticator(options, { clock, keyFetchFailed: fail })
}

function fail(error: unknown): void {
  assert.fail(`a fetch failed: ${error}`)
}

describe('oidc', () => {
  it('trusts the token of a push', async (t) => {
    const { authenticator, clock } = await startOidc(t)
    const token = await issuer.sign(claimsOfPush(clock.now()))

    await authenticator.start()

    assert.deepEqual(await authenticator.authenticate(`Bearer ${token}`), { kind: 'trusted' })
  })

  for (const scheme of ['bearer', 'BEARER']) {
    it(`takes the scheme as ${scheme}`, async (t) => {
      const { authenticator, clock } = await startOidc(t)
      const token = await issuer.sign(claimsOfPush(clock.now()))

      const answer = await authenticator.authenticate(`${scheme} ${token}`)

      assert.equal(answer.kind, 'trusted')
    })
  }

  for (const iss of GOOGLE) {
    it(`trusts the issuer as ${iss}`, async (t) => {
      const { authenticator, clock } = await startOidc(t)
      const token = await issuer.sign(claimsOfPush(clock.now(), { iss }))

      const answer = await authenticator.authenticate(`Bearer ${token}`)

      assert.equal(answer.kind, 'trusted')
    })
  }

  const headersWithoutToken = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic dXNlcjpwYXNz',
    'Bearer-x y',
  ]
  for (const authorization of headersWithoutToken) {
    it(`refuses the Authorization header ${JSON.stringify(authorization)}`, async (t) => {
      const { authenticator } = await startOidc(t)

      const answer = await authenticator.authenticate(authorization)

      assert.partialDeepStrictEqual(answer, { status: 401, code: 'TOKEN_MISSING' })
    })
  }

  const attacks: readonly {
    readonly name: string
    readonly token: (now: number) => string | Promise<string>
    readonly status?: number
    readonly code: string
  }[] = [
    {
      name: 'a token signed with a key of its own under a published id',
      token: (now) => stranger.sign(claimsOfPush(now)),
      code: 'TOKEN_SIGNATURE_INVALID',
    },
    {
      name: 'a token whose claims were changed after signing',
      token: async (now) => {
        const [header, , signature] = (await issuer.sign(claimsOfPush(now))).split('.')
        const [, claims] = stripped(claimsOfPush(now, { exp: 9_999_999_999 })).split('.')
        return [header, claims, signature].join('.')
      },
      code: 'TOKEN_SIGNATURE_INVALID',
    },
    {
      name: 'a token of algorithm none',
      token: (now) => handMade({ alg: 'none', kid: 'first' }, claimsOfPush(now), ''),
      code: 'TOKEN_ALGORITHM_REFUSED',
    },
    {
      name: 'a token of algorithm HS256 that takes the public key for the secret',
      token: (now) =>
        new SignJWT({ ...claimsOfPush(now) })
          .setProtectedHeader({ alg: 'HS256', kid: 'first' })
          .sign(Buffer.from(issuer.pem)),
      code: 'TOKEN_ALGORITHM_REFUSED',
    },
    {
      name: 'a token of algorithm ES256, its key published beside the others',
      token: (now) => elliptic.sign(claimsOfPush(now)),
      code: 'TOKEN_ALGORITHM_REFUSED',
    },
    {
      name: 'a token that names the elliptic key and says RS256',
      token: (now) => issuer.sign(claimsOfPush(now), { kid: 'elliptic' }),
      code: 'TOKEN_KEY_UNKNOWN',
    },
    {
      name: 'a token whose header brings its own key',
      token: (now) => stranger.sign(claimsOfPush(now), { kid: 'mine', jwk: stranger.jwk }),
      code: 'TOKEN_KEY_UNKNOWN',
    },
    {
      name: 'a token stripped by Cloud Run, or typed by hand',
      token: (now) => stripped(claimsOfPush(now)),
      code: 'TOKEN_SIGNATURE_REMOVED',
    },
    {
      name: 'a token without a signature',
      token: (now) => handMade({ alg: 'RS256', kid: 'first' }, claimsOfPush(now), ''),
      code: 'TOKEN_SIGNATURE_INVALID',
    },
    { name: 'a word', token: () => 'open-sesame', code: 'TOKEN_INVALID' },
    {
      name: 'a header that is not JSON',
      token: () => `${Buffer.from('{"alg":').toString('base64url')}.e30.AAAA`,
      code: 'TOKEN_INVALID',
    },
    {
      name: 'a token of four parts',
      token: async (now) => `${await issuer.sign(claimsOfPush(now))}.AAAA`,
      code: 'TOKEN_INVALID',
    },
    {
      name: 'a token with an extension that must be understood',
      token: (now) =>
        handMade({ alg: 'RS256', kid: 'first', crit: ['x'], x: 1 }, claimsOfPush(now), 'AA'),
      code: 'TOKEN_INVALID',
    },
    {
      name: 'a token of 16 KiB and more',
      token: () => 'a'.repeat(16_385),
      code: 'TOKEN_TOO_LARGE',
    },
    {
      name: 'an expired token',
      token: (now) => issuer.sign(claimsOfPush(now - 2 * HOUR_MS)),
      code: 'TOKEN_EXPIRED',
    },
    {
      name: 'a token without a time of expiry',
      token: (now) => issuer.sign(claimsOfPush(now, { exp: undefined })),
      code: 'TOKEN_INVALID',
    },
    {
      name: 'a token from the future',
      token: (now) => issuer.sign(claimsOfPush(now + HOUR_MS)),
      code: 'TOKEN_NOT_YET_VALID',
    },
    {
      name: 'a token of another issuer',
      token: (now) =>
        issuer.sign(claimsOfPush(now, { iss: 'https://accounts.google.com.example' })),
      code: 'TOKEN_ISSUER_REFUSED',
    },
    {
      name: 'a token for another audience',
      token: (now) => issuer.sign(claimsOfPush(now, { aud: 'https://elsewhere.example' })),
      code: 'TOKEN_AUDIENCE_REFUSED',
    },
    {
      name: 'a token for the audience in other letters',
      token: (now) => issuer.sign(claimsOfPush(now, { aud: AUDIENCE.toUpperCase() })),
      code: 'TOKEN_AUDIENCE_REFUSED',
    },
    {
      name: 'a token for several audiences',
      token: (now) =>
        issuer.sign(claimsOfPush(now, { aud: [AUDIENCE, 'https://elsewhere.example'] })),
      code: 'TOKEN_AUDIENCE_REFUSED',
    },
    {
      name: 'a token without an e-mail',
      token: (now) => issuer.sign(claimsOfPush(now, { email: undefined })),
      code: 'TOKEN_EMAIL_MISSING',
    },
    {
      name: 'a token whose e-mail is not verified',
      token: (now) => issuer.sign(claimsOfPush(now, { email_verified: false })),
      code: 'TOKEN_EMAIL_UNVERIFIED',
    },
    {
      name: 'a token whose e-mail is verified in words only',
      token: (now) => issuer.sign(claimsOfPush(now, { email_verified: 'true' })),
      code: 'TOKEN_EMAIL_UNVERIFIED',
    },
    {
      name: 'a good token of another service account',
      token: (now) => issuer.sign(claimsOfPush(now, { email: 'other@a-project.example' })),
      status: 403,
      code: 'SERVICE_ACCOUNT_REFUSED',
    },
  ]
  for (const { name, token: forge, status = 401, code } of attacks) {
    it(`refuses ${name} as ${code}, each time, and says nothing of it`, async (t) => {
      const { authenticator, clock } = await startOidc(t)
      await authenticator.start()
      const token = await forge(clock.now())

      const answers = [
        await authenticator.authenticate(`Bearer ${token}`),
        await authenticator.authenticate(`Bearer ${token}`),
      ]

      for (const answer of answers) {
        assert.partialDeepStrictEqual(answer, { kind: 'refused', status, code })
        for (const part of [token, PUSHER, 'other@', 'elsewhere.example', 'google.com.example']) {
          assert.ok(!JSON.stringify(answer).includes(part))
        }
      }
    })
  }

  it('names the mode for a service behind Cloud Run IAM when the signature is removed', async (t) => {
    const { authenticator, clock } = await startOidc(t)

    const answer = await authenticator.authenticate(`Bearer ${stripped(claimsOfPush(clock.now()))}`)

    assert.ok(answer.kind === 'refused')
    assert.match(answer.detail, /Behind Cloud Run IAM set PUSH_AUTH=cloud-run-iam/)
  })

  it('trusts tokens of a new key once the issuer signs with it', async (t) => {
    const { authenticator, keyServer, clock } = await startOidc(t)
    await authenticator.start()
    keyServer.publish(issuer.jwk, nextIssuer.jwk)
    await clock.advance(60_000)

    const token = await nextIssuer.sign(claimsOfPush(clock.now()))

    assert.equal((await authenticator.authenticate(`Bearer ${token}`)).kind, 'trusted')
    assert.equal(keyServer.asked(), 2)
  })

  it('answers 503 while the keys cannot be had, and trusts once they can', async (t) => {
    const { authenticator, keyServer, clock, failures } = await startOidc(t)
    keyServer.answer((_request, response) => response.writeHead(500).end())
    const token = await issuer.sign(claimsOfPush(clock.now()))

    await authenticator.start()
    const before = await authenticator.authenticate(`Bearer ${token}`)
    const availableBefore = authenticator.available()
    keyServer.publish(issuer.jwk)
    await clock.advance(10_000)
    const after = await authenticator.authenticate(`Bearer ${token}`)

    assert.partialDeepStrictEqual(before, { status: 503, code: 'KEYS_UNAVAILABLE' })
    assert.deepEqual([availableBefore, authenticator.available()], [false, true])
    assert.equal(after.kind, 'trusted')
    assert.equal(failures.length, 1)
  })

  it('starts without a key server, and says why it has no keys', async () => {
    const clock = createFakeClock()
    const failures: unknown[] = []
    const authenticator = createAuthenticator(
      {
        kind: 'oidc',
        audiences: [AUDIENCE],
        serviceAccounts: [PUSHER],
        issuers: GOOGLE,
        jwksUrl: 'http://127.0.0.1:1/certs',
      },
      { clock, keyFetchFailed: (error) => failures.push(error) },
    )

    await authenticator.start()
    authenticator.stop()

    assert.equal(authenticator.available(), false)
    assert.match(String(failures), /ECONNREFUSED/)
  })

  it('lets nobody in when no audience is named', async (t) => {
    const keyServer = await startKeyServer(t)
    keyServer.publish(issuer.jwk)
    const clock = createFakeClock()
    const authenticator = createAuthenticator(
      {
        kind: 'oidc',
        audiences: [],
        serviceAccounts: [PUSHER],
        issuers: GOOGLE,
        jwksUrl: keyServer.url,
      },
      { clock, keyFetchFailed: fail },
    )
    t.after(authenticator.stop)

    const token = await issuer.sign(claimsOfPush(clock.now()))

    assert.partialDeepStrictEqual(await authenticator.authenticate(`Bearer ${token}`), {
      code: 'TOKEN_AUDIENCE_REFUSED',
    })
  })
})

describe('cloud_run_iam', () => {
  const now = Date.UTC(2026, 0, 1)
  const options = {
    kind: 'cloud_run_iam',
    audiences: [AUDIENCE],
    serviceAccounts: [PUSHER],
  } as const

  it('trusts a stripped token of the push service account, at once', () => {
    const { authenticate } = createWithoutKeys(options, now)

    assert.deepEqual(authenticate(`Bearer ${stripped(claimsOfPush(now))}`), { kind: 'trusted' })
  })

  it('leaves the audience to Cloud Run when none is named', () => {
    const { authenticate } = createWithoutKeys({ ...options, audiences: [] }, now)

    const answer = authenticate(`Bearer ${stripped(claimsOfPush(now, { aud: 'anything' }))}`)

    assert.deepEqual(answer, { kind: 'trusted' })
  })

  it('refuses a token that still has a signature, even a good one', async () => {
    const { authenticate } = createWithoutKeys(options, now)

    const answer = await authenticate(`Bearer ${await issuer.sign(claimsOfPush(now))}`)

    assert.partialDeepStrictEqual(answer, { status: 401, code: 'TOKEN_SIGNATURE_PRESENT' })
  })

  it('refuses a token that goes on after what stands for its signature', async () => {
    const { authenticate } = createWithoutKeys(options, now)

    const answer = await authenticate(`Bearer ${stripped(claimsOfPush(now))}_AND_MORE`)

    assert.partialDeepStrictEqual(answer, { status: 401, code: 'TOKEN_SIGNATURE_PRESENT' })
  })

  const faults = [
    { name: 'expired', claims: { exp: now / 1000 - 301 }, status: 401, code: 'TOKEN_EXPIRED' },
    { name: 'without expiry', claims: { exp: undefined }, status: 401, code: 'TOKEN_INVALID' },
    {
      name: 'for another audience',
      claims: { aud: 'https://elsewhere.example' },
      status: 401,
      code: 'TOKEN_AUDIENCE_REFUSED',
    },
    { name: 'without e-mail', claims: { email: '' }, status: 401, code: 'TOKEN_EMAIL_MISSING' },
    {
      name: 'with an unverified e-mail',
      claims: { email_verified: undefined },
      status: 401,
      code: 'TOKEN_EMAIL_UNVERIFIED',
    },
    {
      name: 'of another service account',
      claims: { email: 'other@a-project.example' },
      status: 403,
      code: 'SERVICE_ACCOUNT_REFUSED',
    },
  ]
  for (const { name, claims, status, code } of faults) {
    it(`refuses a stripped token ${name}`, async () => {
      const { authenticate } = createWithoutKeys(options, now)

      const answer = await authenticate(`Bearer ${stripped(claimsOfPush(now, claims))}`)

      assert.partialDeepStrictEqual(answer, { status, code })
    })
  }

  for (const token of [
    '.SIGNATURE_REMOVED_BY_GOOGLE',
    'e30.bm8ganNvbg.SIGNATURE_REMOVED_BY_GOOGLE',
    `${stripped(claimsOfPush(now))}.SIGNATURE_REMOVED_BY_GOOGLE`,
  ]) {
    it(`refuses what is no token but ends like one: ${token.slice(0, 30)}`, async () => {
      const { authenticate } = createWithoutKeys(options, now)

      assert.partialDeepStrictEqual(await authenticate(`Bearer ${token}`), {
        code: 'TOKEN_INVALID',
      })
    })
  }

  it('refuses a push without a token', async () => {
    const { authenticate } = createWithoutKeys(options, now)

    assert.partialDeepStrictEqual(await authenticate(undefined), { code: 'TOKEN_MISSING' })
  })

  it('is ready without keys', async () => {
    const authenticator = createWithoutKeys(options, now)

    await authenticator.start()

    assert.equal(authenticator.available(), true)
  })
})

describe('none', () => {
  for (const authorization of [undefined, 'Bearer anything']) {
    it(`trusts a push with the Authorization header ${authorization}`, () => {
      const { authenticate, available } = createWithoutKeys({ kind: 'none' }, 0)

      assert.deepEqual(authenticate(authorization), { kind: 'trusted' })
      assert.equal(available(), true)
    })
  }
})
