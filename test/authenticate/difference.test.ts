import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { describeDifference } from '../../src/authenticate/difference.ts'
import type { RefusalCode } from '../../src/model/authentication.ts'
import { claimsOfPush } from './signer.ts'

const URL_AUDIENCE = 'https://push.example.com/push'

function audienceDifference(aud: unknown, ...audiences: string[]): string | undefined {
  const expected = { issuers: 'any', audiences, serviceAccounts: [] } as const
  return describeDifference('TOKEN_AUDIENCE_REFUSED', { ...claimsOfPush(0), aud, exp: 1 }, expected)
}

function accountDifference(email: string, ...serviceAccounts: string[]): string | undefined {
  const expected = { issuers: 'any', audiences: 'any', serviceAccounts } as const
  return describeDifference(
    'SERVICE_ACCOUNT_REFUSED',
    { ...claimsOfPush(0), email, exp: 1 },
    expected,
  )
}

describe('a refused audience', () => {
  for (const [aud, allowed, difference] of [
    [`${URL_AUDIENCE}/`, URL_AUDIENCE, 'only in the slash at the end'],
    ['https://push.example.com', 'https://push.example.com/', 'only in the slash at the end'],
    ['http://push.example.com/push', URL_AUDIENCE, 'only in the scheme'],
    ['push.example.com/push', URL_AUDIENCE, 'only in the scheme'],
    ['https://push.example.com', URL_AUDIENCE, 'only in the path'],
    ['https://push.example.com/', URL_AUDIENCE, 'only in the path'],
    [`${URL_AUDIENCE}?token=1`, URL_AUDIENCE, 'only in the path'],
    ['push.example.com', URL_AUDIENCE, 'only in the scheme and the path'],
    ['https://Push.Example.com/push', URL_AUDIENCE, 'only in upper and lower case'],
    ['https://push.example.com/Push', URL_AUDIENCE, 'only in upper and lower case'],
    ['https://www.push.example.com/push', URL_AUDIENCE, 'only in the www. before the host'],
    ['https://push.example.com:443/push', URL_AUDIENCE, 'only in the port'],
    [` ${URL_AUDIENCE}`, URL_AUDIENCE, 'only in white space'],
    ['HTTP://push.example.com/push/', URL_AUDIENCE, 'the scheme and the slash at the end'],
    ['PubSub-Mixpanel', 'pubsub-mixpanel', 'only in upper and lower case'],
    ['https://other.example.com/push', URL_AUDIENCE, 'differ in the host'],
    ['other', 'pubsub-mixpanel', 'differ in the name'],
    [URL_AUDIENCE, 'pubsub-mixpanel', 'is a URL, and PUSH_AUDIENCE holds a plain name'],
    ['pubsub-mixpanel', URL_AUDIENCE, 'is a plain name, and PUSH_AUDIENCE holds a URL'],
    [undefined, URL_AUDIENCE, 'has no audience, or more than one'],
    [[URL_AUDIENCE], URL_AUDIENCE, 'has no audience, or more than one'],
  ] as const) {
    it(`is told how it differs: ${aud} from ${allowed}`, () => {
      assert.ok(audienceDifference(aud, allowed)?.includes(difference))
    })
  }

  it('is compared with the nearest of several', () => {
    const difference = audienceDifference(
      `${URL_AUDIENCE}/`,
      'other',
      'http://push.example.com',
      URL_AUDIENCE,
    )

    assert.equal(difference, 'The two differ only in the slash at the end.')
  })

  it('is never quoted, nor is what is allowed', () => {
    const path = fc.array(fc.constantFrom('', 'push', 'Push', 'push?token=1'))
    const url = fc
      .tuple(fc.constantFrom('http', 'https'), fc.domain(), path)
      .map(([scheme, host, parts]) => `${scheme}://${[host, ...parts].join('/')}`)
    const text = fc.oneof(fc.string(), url).map((rest) => `xq${rest}`)

    fc.assert(
      fc.property(text, text, (aud, allowed) => {
        assert.doesNotMatch(audienceDifference(aud, allowed) ?? '', /xq/)
      }),
    )
  })
})

describe('a refused service account', () => {
  for (const [email, difference] of [
    ['other@p.iam.test', 'accounts of one project with different names'],
    ['pusher@q.iam.test', 'accounts of one name in different projects'],
    ['other@q.iam.test', 'differ in name and project'],
  ] as const) {
    it(`is told how it differs: ${email}`, () => {
      assert.ok(accountDifference(email, 'pusher@p.iam.test')?.includes(difference))
    })
  }
})

describe('any other refusal', () => {
  for (const code of ['TOKEN_EXPIRED', 'TOKEN_ISSUER_REFUSED'] satisfies RefusalCode[]) {
    it(`says nothing of differences: ${code}`, () => {
      const expected = { issuers: [], audiences: ['a'], serviceAccounts: [] }

      assert.equal(describeDifference(code, { ...claimsOfPush(0), exp: 1 }, expected), undefined)
    })
  }
})
