import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { createKeyRing } from '../../src/local/issuer/key-ring.ts'
import {
  LOCAL_AUDIENCE,
  LOCAL_SERVICE_ACCOUNT,
  startTokenIssuer,
  type TokenIssuer,
  type TokenIssuerOptions,
} from '../../src/local/token-issuer.ts'
import { NOW, NOW_SECONDS } from './post-import.ts'

const keys = createKeyRing()
const BAD_SIGNATURE = { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' }

describe('a token', () => {
  it('is verified by an independent library against the published keys', async (t) => {
    const issuer = await startIssuer(t)

    const { payload, protectedHeader } = await verify(issuer, issuer.token())

    assert.deepEqual(payload, {
      aud: LOCAL_AUDIENCE,
      azp: '113774264463038321964',
      email: LOCAL_SERVICE_ACCOUNT,
      email_verified: true,
      exp: NOW_SECONDS + 3600,
      iat: NOW_SECONDS,
      iss: issuer.url,
      sub: '113774264463038321964',
    })
    assert.match(protectedHeader.kid ?? '', /^[0-9a-f]{40}$/)
    assert.partialDeepStrictEqual(protectedHeader, { alg: 'RS256', typ: 'JWT' })
  })

  it('says what its issuer was started to say', async (t) => {
    const issuer = await startIssuer(t, {
      issuer: 'https://accounts.google.com',
      audience: 'https://service.example/push',
      serviceAccount: 'other@project.iam.gserviceaccount.com',
    })

    assert.partialDeepStrictEqual(decodeJwt(issuer.token()), {
      iss: 'https://accounts.google.com',
      aud: 'https://service.example/push',
      email: 'other@project.iam.gserviceaccount.com',
    })
    assert.equal(issuer.issuer, 'https://accounts.google.com')
  })

  it('takes other claims, and loses those that are undefined', async (t) => {
    const issuer = await startIssuer(t)

    const claims = decodeJwt(issuer.token({ email: undefined, email_verified: false, extra: 1 }))

    assert.equal('email' in claims, false)
    assert.partialDeepStrictEqual(claims, { email_verified: false, extra: 1 })
  })

  it('is good for an hour from the time it claims to be issued at', async (t) => {
    const issuer = await startIssuer(t)

    assert.equal(decodeJwt(issuer.token({ iat: 1000 })).exp, 4600)
    assert.equal(decodeJwt(issuer.token({ iat: 1000, exp: 7 })).exp, 7)
  })

  it('is issued by the wall clock unless told otherwise', async (t) => {
    const before = Math.floor(Date.now() / 1000)
    const issuer = await startTokenIssuer({ keys })
    t.after(issuer.close)

    assert.ok(Number(decodeJwt(issuer.token()).iat) >= before)
  })

  it('comes as plain text for curl, with the audience and e-mail asked for', async (t) => {
    const issuer = await startIssuer(t)
    const fetched = async (query: string) => {
      const answer = await fetch(`${issuer.url}/token${query}`)
      assert.equal(answer.headers.get('content-type'), 'text/plain')
      return (await verify(issuer, await answer.text())).payload
    }

    const query = '?audience=https://a.example&email=b@c.example'
    assert.partialDeepStrictEqual(await fetched(query), {
      aud: 'https://a.example',
      email: 'b@c.example',
    })
    assert.partialDeepStrictEqual(await fetched(''), {
      aud: LOCAL_AUDIENCE,
      email: LOCAL_SERVICE_ACCOUNT,
    })
  })
})

describe('a token for an attack', () => {
  it('is unsigned, and says so', async (t) => {
    const token = (await startIssuer(t)).unsignedToken({ email: 'mallory@example.com' })

    assert.deepEqual(decodeProtectedHeader(token), { alg: 'none', typ: 'JWT' })
    assert.equal(decodeJwt(token).email, 'mallory@example.com')
    assert.ok(token.endsWith('.'))
  })

  it('is signed with the PEM of the public key as an HS256 secret', async (t) => {
    const issuer = await startIssuer(t)
    const { publicKey } = await keys.keyAt(1)
    const pem = publicKey.export({ type: 'spki', format: 'pem' })

    const verified = await jwtVerify(issuer.hs256Token(), Buffer.from(pem), { currentDate })

    assert.equal(verified.protectedHeader.alg, 'HS256')
    assert.equal(verified.protectedHeader.kid, (await publishedKids(issuer))[0])
  })

  it('has a forged signature of the right length and all else unchanged', async (t) => {
    const issuer = await startIssuer(t)
    const token = issuer.token()

    const forged = issuer.withForgedSignature(token)

    assert.equal(forged.length, token.length)
    assert.deepEqual(forged.split('.').slice(0, 2), token.split('.').slice(0, 2))
    await assert.rejects(verify(issuer, forged), BAD_SIGNATURE)
  })

  it('has its signature removed as Cloud Run removes it', async (t) => {
    const issuer = await startIssuer(t)

    const stripped = issuer.strippedToken({ aud: 'https://a.example' })

    assert.equal(stripped.split('.')[2], 'SIGNATURE_REMOVED_BY_GOOGLE')
    assert.equal(decodeJwt(stripped).aud, 'https://a.example')
    assert.equal(decodeProtectedHeader(stripped).alg, 'RS256')
    await assert.rejects(verify(issuer, stripped), BAD_SIGNATURE)
  })

  it('is well signed with a key that is not published', async (t) => {
    const issuer = await startIssuer(t)

    const token = await issuer.tokenOfUnknownKey({ extra: 1 })

    await assert.rejects(verify(issuer, token), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
    const { publicKey } = await keys.keyAt(0)
    const { payload } = await jwtVerify(token, publicKey, { currentDate })
    assert.equal(payload.extra, 1)
  })
})

describe('the key server', () => {
  it('publishes one signing key, without its private half, to be kept for a while', async (t) => {
    const issuer = await startIssuer(t, { keysMaxAgeSeconds: 60 })

    const answer = await fetch(issuer.jwksUrl)

    assert.equal(issuer.jwksUrl, `${issuer.url}/certs`)
    assert.equal(answer.headers.get('cache-control'), 'public, max-age=60')
    assert.equal(answer.headers.get('content-type'), 'application/json')
    const [key, ...others] = publishedIn(await answer.text())
    assert.deepEqual(others, [])
    assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
    assert.partialDeepStrictEqual(key, { alg: 'RS256', kty: 'RSA', use: 'sig' })
  })

  it('publishes another key after a rotation, and no longer the old one', async (t) => {
    const issuer = await startIssuer(t)
    const [oldKid] = await publishedKids(issuer)
    const oldToken = issuer.token()

    await issuer.rotate()

    const [newKid, ...others] = await publishedKids(issuer)
    assert.notEqual(newKid, oldKid)
    assert.deepEqual(others, [])
    assert.equal((await verify(issuer, issuer.token())).protectedHeader.kid, newKid)
    await assert.rejects(verify(issuer, oldToken), { code: 'ERR_JWKS_NO_MATCHING_KEY' })
  })

  it('keeps the old key beside the new one when it stays, the new one first', async (t) => {
    const issuer = await startIssuer(t)
    const [oldKid] = await publishedKids(issuer)
    const oldToken = issuer.token()

    await issuer.rotate('stays')

    const [newKid, ...others] = await publishedKids(issuer)
    assert.deepEqual(others, [oldKid])
    assert.equal((await verify(issuer, issuer.token())).protectedHeader.kid, newKid)
    assert.equal((await verify(issuer, oldToken)).protectedHeader.kid, oldKid)
  })

  it('counts how often it is asked', async (t) => {
    const issuer = await startIssuer(t)
    await fetch(`${issuer.url}/token`)
    assert.equal(issuer.requests(), 0)

    await fetch(issuer.jwksUrl)
    issuer.answerAlways({ kind: 'status', status: 500 })
    await fetch(issuer.jwksUrl)

    assert.equal(issuer.requests(), 2)
  })

  it('answers another status when told to, and its keys again afterwards', async (t) => {
    const issuer = await startIssuer(t)
    issuer.answerAlways({ kind: 'status', status: 500, body: 'no keys today' })

    const answer = await fetch(issuer.jwksUrl)
    assert.equal(answer.status, 500)
    assert.equal(await answer.text(), 'no keys today')

    issuer.answerAlways('normally')
    assert.equal((await publishedKids(issuer)).length, 1)
  })

  it('resets connections when told to', async (t) => {
    const issuer = await startIssuer(t)
    issuer.answerAlways({ kind: 'reset' })

    await assert.rejects(fetch(issuer.jwksUrl))
  })

  it('hangs when told to, until it is closed, and signs tokens meanwhile', async (t) => {
    const issuer = await startIssuer(t)
    issuer.answerAlways({ kind: 'hang' })

    const hanging = assert.rejects(fetch(issuer.jwksUrl))
    assert.equal((await fetch(`${issuer.url}/token`)).status, 200)
    await issuer.close()

    await hanging
  })

  it('knows no other route', async (t) => {
    const issuer = await startIssuer(t)

    assert.equal((await fetch(`${issuer.url}/keys`)).status, 404)
  })

  it('listens on the port it is told to, and says so when that is taken', async (t) => {
    const { port } = await startIssuer(t)

    await assert.rejects(startIssuer(t, { port }), {
      message: `the token issuer cannot listen on 127.0.0.1:${port}: is the port taken?`,
    })
  })
})

const currentDate = new Date(NOW)

async function startIssuer(t: TestContext, options: TokenIssuerOptions = {}): Promise<TokenIssuer> {
  const issuer = await startTokenIssuer({ keys, now: () => NOW, ...options })
  t.after(issuer.close)
  return issuer
}

function verify(issuer: TokenIssuer, token: string) {
  const published = createRemoteJWKSet(new URL(issuer.jwksUrl))
  return jwtVerify(token, published, { algorithms: ['RS256'], issuer: issuer.issuer, currentDate })
}

async function publishedKids({ jwksUrl }: TokenIssuer): Promise<readonly unknown[]> {
  const answer = await fetch(jwksUrl)
  return publishedIn(await answer.text()).map(({ kid }) => kid)
}

function publishedIn(jwks: string): readonly Readonly<Record<string, unknown>>[] {
  return JSON.parse(jwks).keys
}
