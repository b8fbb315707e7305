import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inForce } from '../../src/config/in-force.ts'
import { load, OFF_CLOUD_RUN, SERVICE_ACCOUNT } from '../helpers/config.ts'

describe('the configuration in force', () => {
  it('is what the service was started with, and no more of a token than its end', () => {
    assert.deepEqual(inForce(load({ PUSH_AUDIENCE: 'one,two', TRANSFORM: 'a.mjs' })), {
      region: 'eu',
      project: '…cdef',
      auth: 'oidc',
      audiences: 2,
      serviceAccounts: 1,
      subscriptions: 'any',
      ackDeadlineSeconds: 10,
      insertId: 'message',
      deadLetter: 'file:./dead-letters',
      transform: 'a.mjs',
    })
  })

  it('names the host of a Mixpanel elsewhere, and no region', () => {
    const { region, mixpanelHost } = inForce(
      load({ MIXPANEL_REGION: 'eu', MIXPANEL_URL: 'https://proxy.test:8443/hush' }),
    )

    assert.deepEqual([region, mixpanelHost], [undefined, 'proxy.test:8443'])
  })

  it('names the project of a service account by its id, without user name and secret', () => {
    const told = inForce(load(SERVICE_ACCOUNT))

    assert.equal(told.project, '42')
    assert.doesNotMatch(JSON.stringify(told), /user|a-secret/)
  })

  it('gives nothing of a token that its last four characters would tell', () => {
    for (const token of ['short12', 'a-short-token-1']) {
      assert.equal(inForce(load({ MIXPANEL_PROJECT_TOKEN: token })).project, '…')
    }
  })

  for (const [store, told] of [
    ['subscription', 'subscription'],
    ['pubsub:projects/p/topics/letters', 'pubsub:projects/p/topics/letters'],
  ] as const) {
    it(`names where dead letters go: ${store}`, () => {
      assert.equal(inForce(load({ DEAD_LETTER: store })).deadLetter, told)
    })
  }

  it('counts nothing where everybody is let in', () => {
    const told = inForce(load({ PUSH_AUTH: 'none' }))

    assert.deepEqual([told.auth, told.audiences, told.serviceAccounts], ['none', 'any', 'any'])
  })

  it('calls the way to authenticate as PUSH_AUTH does', () => {
    const config = load({
      ...OFF_CLOUD_RUN,
      K_SERVICE: 's',
      PUSH_AUTH: 'cloud-run-iam',
      DEAD_LETTER: 'subscription',
    })

    assert.equal(inForce(config).auth, 'cloud-run-iam')
  })
})
