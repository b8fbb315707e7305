import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { LOCAL_AUDIENCE, type TokenIssuer } from '../../src/local/token-issuer.ts'
import { startWorld } from '../helpers/world.ts'

const DATA = '{"event":"signed_up","properties":{"distinct_id":"u-1"}}'
const HOUR = 3_600

/** The status and the code of a push with this header. */
async function pushWith(t: TestContext, make: (issuer: TokenIssuer) => Promise<string> | string) {
  const { issuer, pusher, mixpanel, logLines } = await startWorld(t)
  const authorization = await make(issuer)
  const answer = await pusher.push({ data: DATA }, { headers: { authorization } })
  assert.equal(mixpanel.requests().length, 0)
  const [, secret] = authorization.split(' ')
  if (secret) assert.ok(!logLines.join().includes(secret))
  return `${answer.status} ${JSON.parse(answer.body).code}`
}

describe('a push without a good token', () => {
  const seconds = Math.floor(Date.now() / 1_000)
  const cases: Record<string, [string, (issuer: TokenIssuer) => Promise<string> | string]> = {
    'no scheme': ['401 TOKEN_MISSING', () => 'Basic dTpw'],
    'a broken token': ['401 TOKEN_INVALID', () => 'Bearer a.b.c'],
    'an expired token': [
      '401 TOKEN_EXPIRED',
      (issuer) => `Bearer ${issuer.token({ iat: seconds - 2 * HOUR, exp: seconds - HOUR })}`,
    ],
    'another issuer': [
      '401 TOKEN_ISSUER_REFUSED',
      (issuer) => `Bearer ${issuer.token({ iss: 'https://evil.example' })}`,
    ],
    'another audience': [
      '401 TOKEN_AUDIENCE_REFUSED',
      (issuer) => `Bearer ${issuer.token({ aud: 'https://other.example' })}`,
    ],
    'an unverified e-mail': [
      '401 TOKEN_EMAIL_UNVERIFIED',
      (issuer) => `Bearer ${issuer.token({ email_verified: false })}`,
    ],
    'no e-mail': [
      '401 TOKEN_EMAIL_MISSING',
      (issuer) => `Bearer ${issuer.token({ email: undefined })}`,
    ],
    'another service account': [
      '403 SERVICE_ACCOUNT_REFUSED',
      (issuer) => `Bearer ${issuer.token({ email: 'mallory@p.iam.gserviceaccount.com' })}`,
    ],
    'alg none': ['401 TOKEN_ALGORITHM_REFUSED', (issuer) => `Bearer ${issuer.unsignedToken()}`],
    'HS256 with the public key': [
      '401 TOKEN_ALGORITHM_REFUSED',
      (issuer) => `Bearer ${issuer.hs256Token()}`,
    ],
    'a forged signature': [
      '401 TOKEN_SIGNATURE_INVALID',
      (issuer) => `Bearer ${issuer.withForgedSignature(issuer.token())}`,
    ],
    'a stripped signature': [
      '401 TOKEN_SIGNATURE_REMOVED',
      (issuer) => `Bearer ${issuer.strippedToken()}`,
    ],
    'a key nobody published': [
      '401 TOKEN_KEY_UNKNOWN',
      async (issuer) => `Bearer ${await issuer.tokenOfUnknownKey()}`,
    ],
  }
  for (const [name, [expected, make]] of Object.entries(cases)) {
    it(`is refused: ${name}`, async (t) => {
      assert.equal(await pushWith(t, make), expected)
    })
  }

  it('is refused before its body is read', async (t) => {
    const { url } = await startWorld(t)
    const headers = { 'content-length': String(10_000_000) }

    // Not a byte of the body is sent: only an answer that does not wait for it can come.
    const push = request(`${url}/push`, { method: 'POST', headers })
    push.flushHeaders()
    const status = await new Promise((resolve) => {
      push.on('response', ({ statusCode }) => resolve(statusCode))
    })
    push.destroy()

    assert.equal(status, 401)
  })
})

describe('keys', () => {
  it('are fetched anew when a token names one that is unknown', async (t) => {
    const { pusher, issuer } = await startWorld(t)
    await pusher.push({ data: DATA })
    await issuer.rotate()

    // The cooldown after the fetch at start would refuse the newcomer as unknown for half a minute.
    const answer = await pusher.push({ data: DATA })

    assert.ok([204, 401].includes(answer.status))
  })

  it('that cannot be had make the answer 503, not 401, and readiness degraded', async (t) => {
    const world = await startWorld(t, { env: { PUSH_JWKS_URL: 'http://127.0.0.1:9/certs' } })

    const answer = await world.pusher.push({ data: DATA })

    assert.equal(answer.status, 503)
    assert.equal(JSON.parse(answer.body).code, 'KEYS_UNAVAILABLE')
    const ready = await fetch(`${world.url}/health/ready`)
    assert.deepEqual(await ready.json(), { status: 'degraded', reasons: ['no_keys'] })
  })
})

describe('a push behind Cloud Run’s IAM', () => {
  const env = {
    PUSH_AUTH: 'cloud-run-iam',
    K_SERVICE: 'pubsub-mixpanel',
    DEAD_LETTER: 'subscription',
  }

  it('is taken with the signature removed, and warned about at start', async (t) => {
    const { pusher, issuer } = await startWorld(t, { env })

    const authorization = `Bearer ${issuer.strippedToken()}`
    const answer = await pusher.push({ data: DATA }, { headers: { authorization } })

    assert.equal(answer.status, 204)
  })

  it('is refused for its audience: the log says how it differs, and the answer does not', async (t) => {
    const { pusher, issuer, logLines } = await startWorld(t, { env })

    const authorization = `Bearer ${issuer.strippedToken({ aud: `${LOCAL_AUDIENCE}/` })}`
    const answer = await pusher.push({ data: DATA }, { headers: { authorization } })

    assert.equal(JSON.parse(answer.body).code, 'TOKEN_AUDIENCE_REFUSED')
    assert.doesNotMatch(answer.body, /differ/)
    assert.match(logLines.join(''), / The two differ only in the slash at the end\./)
  })

  it('is refused with a signature, which Cloud Run would have removed', async (t) => {
    const { pusher } = await startWorld(t, { env })

    const answer = await pusher.push({ data: DATA })

    assert.equal(answer.status, 401)
    assert.equal(JSON.parse(answer.body).code, 'TOKEN_SIGNATURE_PRESENT')
  })
})

it('takes pushes of the subscriptions on the list only', async (t) => {
  const { pusher } = await startWorld(t, {
    env: { PUSH_SUBSCRIPTIONS: 'projects/other/subscriptions/other' },
  })

  const answer = await pusher.push({ data: DATA })

  assert.equal(answer.status, 403)
  assert.equal(JSON.parse(answer.body).code, 'SUBSCRIPTION_REFUSED')
})
