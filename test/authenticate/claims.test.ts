import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { acceptedUntil, findFault, parseClaims } from '../../src/authenticate/claims.ts'
import { claimsOfPush, PUSHER, type TokenClaims } from './signer.ts'

const ISSUED_AT = Date.UTC(2026, 0, 1)
const EXPECTED = { issuers: 'any', audiences: 'any', serviceAccounts: [PUSHER] } as const

function faultAt(now: number, claims: TokenClaims = {}): string | undefined {
  const read = parseClaims(JSON.stringify(claimsOfPush(ISSUED_AT, claims)))
  assert.ok(read)
  return findFault(read, EXPECTED, now)
}

describe('dates', () => {
  const tolerated = [
    { name: 'one ms before 300 s past its expiry', now: ISSUED_AT + 3_900_000 - 1 },
    { name: '300 s before its issue', now: ISSUED_AT - 300_000 },
  ]
  for (const { name, now } of tolerated) {
    it(`take a token ${name}`, () => {
      assert.equal(faultAt(now), undefined)
    })
  }

  it('refuse a token 300 s past its expiry', () => {
    assert.equal(faultAt(ISSUED_AT + 3_900_000), 'TOKEN_EXPIRED')
  })

  it('refuse a token more than 300 s before its issue', () => {
    assert.equal(faultAt(ISSUED_AT - 300_001), 'TOKEN_NOT_YET_VALID')
  })

  it('refuse a token before its nbf', () => {
    assert.equal(faultAt(ISSUED_AT, { nbf: ISSUED_AT / 1000 + 301 }), 'TOKEN_NOT_YET_VALID')
  })

  it('refuse a token whose iat cannot be read', () => {
    assert.equal(faultAt(ISSUED_AT, { iat: 'today' }), 'TOKEN_NOT_YET_VALID')
  })

  it('take a token without iat', () => {
    assert.equal(faultAt(ISSUED_AT, { iat: undefined }), undefined)
  })

  it('end a token exactly when it begins to be refused', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4_000_000_000 }), (exp) => {
        const claims = { ...claimsOfPush(0), exp }
        assert.equal(findFault(claims, EXPECTED, acceptedUntil(claims)), 'TOKEN_EXPIRED')
        assert.notEqual(findFault(claims, EXPECTED, acceptedUntil(claims) - 1), 'TOKEN_EXPIRED')
      }),
    )
  })
})

describe('claims', () => {
  for (const payload of ['', 'null', '7', '[]', '{}', '{"exp":"1"}', '{"exp":1e400}', '{"exp":1']) {
    it(`are not in ${JSON.stringify(payload)}`, () => {
      assert.equal(parseClaims(payload), undefined)
    })
  }

  it('are looked for in any text without a throw', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (payload) => void parseClaims(payload)))
  })

  it('name the service account in upper or lower case', () => {
    const shouted = { email: PUSHER.toUpperCase() }

    assert.equal(faultAt(ISSUED_AT, shouted), undefined)
  })

  it('earn a 403 only when all else is good', () => {
    const wrong = { email: 'other@a-project.example' }

    assert.equal(faultAt(ISSUED_AT, wrong), 'SERVICE_ACCOUNT_REFUSED')
    assert.equal(faultAt(ISSUED_AT, { ...wrong, email_verified: 1 }), 'TOKEN_EMAIL_UNVERIFIED')
  })
})
