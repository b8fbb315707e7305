import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { VARIABLE_NAMES } from '../../src/config/schema.ts'
import { load, OFF_CLOUD_RUN, problemsWith } from '../helpers/config.ts'

/** Variables that are not ours, and the one of ours that each is taken for. */
const NEAR_MISSES: readonly (readonly [string, string])[] = [
  ['PUSH_SUBSCRIPTION', 'PUSH_SUBSCRIPTIONS'],
  ['PUSH_SUBSCRIPTON', 'PUSH_SUBSCRIPTIONS'],
  ['push_subscriptions', 'PUSH_SUBSCRIPTIONS'],
  ['PUSH_ACK_DEADLINE', 'PUSH_ACK_DEADLINE_SECONDS'],
  ['PUSH_ACK_DEADLINE_SECOND', 'PUSH_ACK_DEADLINE_SECONDS'],
  ['PUSH_DEADLINE_SECONDS', 'PUSH_ACK_DEADLINE_SECONDS'],
  ['PUSH_MAX_BUFFERED_BYTE', 'PUSH_MAX_BUFFERED_BYTES'],
  ['PUSH_ISSUERS', 'PUSH_ISSUER'],
  ['PUSH_JWK_URL', 'PUSH_JWKS_URL'],
  ['MIXPANEL_URI', 'MIXPANEL_URL'],
  ['MIXPANEL_TIMEOUT', 'MIXPANEL_TIMEOUT_SECONDS'],
  ['BATCH_LINGER', 'BATCH_LINGER_MS'],
  ['BATCH_MAX_EVENT', 'BATCH_MAX_EVENTS'],
  ['DELIVERY_CONCURRENCY', 'DELIVERY_MAX_CONCURRENCY'],
  ['DECODE_MAX_BYTE', 'DECODE_MAX_BYTES'],
  ['INSERT_IDS', 'INSERT_ID'],
  ['TRANSFORMS', 'TRANSFORM'],
  ['DEAD_LETTERS', 'DEAD_LETTER'],
  ['DEAD_LETER', 'DEAD_LETTER'],
  ['DEADLETTER', 'DEAD_LETTER'],
  ['DEADLETTERS', 'DEAD_LETTER'],
  ['dead_letter', 'DEAD_LETTER'],
  ['PUSHSUBSCRIPTIONS', 'PUSH_SUBSCRIPTIONS'],
  ['PUSH-SUBSCRIPTIONS', 'PUSH_SUBSCRIPTIONS'],
  ['PUHS_SUBSCRIPTIONS', 'PUSH_SUBSCRIPTIONS'],
  ['MIXPANNEL_TIMEOUT_SECONDS', 'MIXPANEL_TIMEOUT_SECONDS'],
  ['INSERTID', 'INSERT_ID'],
  ['TRANFORM', 'TRANSFORM'],
  ['Transform', 'TRANSFORM'],
]

const KUBERNETES = {
  PUSH_SERVICE_HOST: '10.0.0.1',
  PUSH_SERVICE_PORT: '80',
  PUSH_SERVICE_PORT_HTTP: '80',
  PUSH_PORT: 'tcp://10.0.0.1:80',
  PUSH_PORT_80_TCP: 'tcp://10.0.0.1:80',
  PUSH_PORT_80_TCP_ADDR: '10.0.0.1',
  PUSH_PORT_53_UDP_PROTO: 'udp',
  MIXPANEL_PROXY_SERVICE_HOST: '10.0.0.1',
  DEAD_LETTER_PORT: 'tcp://10.0.0.1:80',
  TRANSFORM_PORT: 'udp://10.0.0.1:53',
}

describe('a near miss of a variable that is unset', () => {
  for (const [name, ours] of NEAR_MISSES) {
    it(`stops the start: ${name} for ${ours}`, () => {
      assert.deepEqual(problemsWith({ ...OFF_CLOUD_RUN, [name]: 'hush' }), [
        `${name} is not known: rename it to ${ours}, or unset it`,
      ])
    })
  }

  it('stops the start beside what is missing for it', () => {
    const problems = problemsWith({
      ...OFF_CLOUD_RUN,
      MIXPANEL_PROJECT_TOKEN: undefined,
      MIXPANEL_TOKEN: 'hush',
    })

    assert.equal(
      problems[0],
      'MIXPANEL_TOKEN is not known: rename it to MIXPANEL_PROJECT_TOKEN, or unset it',
    )
    assert.match(problems[1] ?? '', /^MIXPANEL_PROJECT_TOKEN is required/)
  })

  it('names every variable that may be meant', () => {
    const env = { ...OFF_CLOUD_RUN, MIXPANEL_SERVICE_ACCOUNT: 'hush' }

    assert.deepEqual(problemsWith(env), [
      'MIXPANEL_SERVICE_ACCOUNT is not known: rename it to MIXPANEL_SERVICE_ACCOUNT_USERNAME or ' +
        'MIXPANEL_SERVICE_ACCOUNT_SECRET, or unset it',
    ])
  })

  it('stops the start whichever two letters are off', () => {
    const ours = fc.constantFrom(
      'PUSH_SUBSCRIPTIONS',
      'BATCH_MAX_BYTES',
      'DELIVERY_MAX_CONCURRENCY',
    )
    const places = fc.tuple(fc.nat(100), fc.nat(100))
    const letters = fc.constantFrom('', 'X', 'YZ')

    fc.assert(
      fc.property(ours, places, letters, (name, [one, other], letter) => {
        const miss = changed(changed(name, one, letter.slice(0, 1)), other, letter.slice(1))
        fc.pre(!VARIABLE_NAMES.some((known) => known === miss))
        const problems = problemsWith({ ...OFF_CLOUD_RUN, [miss]: 'hush' })
        assert.ok(
          problems.some((problem) => problem.startsWith(`${miss} is not known: `)),
          miss,
        )
      }),
    )
  })
})

describe('an unknown variable', () => {
  it('is named in one warning with all others, when it has one of our prefixes', () => {
    const { warnings } = load({
      PUSH_ENDPOINT: 'hush',
      MIXPANEL_API_SECRET: 'hush',
      DEAD_LETTER_FOLDER: 'hush',
      TRANSFORM_PATH: 'hush',
      DEADLETTER_DIR: 'hush',
    })

    assert.deepEqual(warnings, [
      'these variables are not known and have no effect: PUSH_ENDPOINT, MIXPANEL_API_SECRET, ' +
        'DEAD_LETTER_FOLDER, TRANSFORM_PATH, DEADLETTER_DIR',
    ])
  })

  it('only warns when it is a near miss of one that is set', () => {
    const { warnings } = load({
      PUSH_SUBSCRIPTIONS: 'projects/p/subscriptions/s',
      PUSH_SUBSCRIPTION: 'hush',
      PUSH_AUDIENCES: 'hush',
      PUSH_SERVICE_ACCOUNTS: 'hush',
      MIXPANEL_PROJECT_TOKENS: 'hush',
    })

    assert.match(warnings.join(), /^these variables are not known .*: PUSH_SUBSCRIPTION, PUSH_AUD/)
    assert.equal(warnings.length, 1)
  })

  it('counts as unset when it is empty or blank', () => {
    assert.deepEqual(
      load({ PUSH_SUBSCRIPTION: '', DEADLETTER: ' ', PUSH_ENDPOINT: '' }).warnings,
      [],
    )
  })

  it('is ignored when it has none of our prefixes', () => {
    const { warnings } = load({
      PATH: '/bin',
      HOSTS: 'a',
      PORTS: '1',
      TRANSFORMERS_CACHE: '/cache',
      TRANSFORMER_MODEL: 'm',
      PUSHER_KEY: 'k',
      PULL_SUBSCRIPTIONS: 's',
      ENCODE_MAX_BYTES: '1',
      POST_AUTH: 'p',
      DATABASE_URL: 'u',
      K_REVISION: 'r',
    })

    assert.deepEqual(warnings, [])
  })

  it('is left alone when Kubernetes injects it', () => {
    assert.deepEqual(load(KUBERNETES).warnings, [])
  })
})

describe('METRICS_PORT', () => {
  for (const address of ['tcp://10.0.0.1:9464', 'udp://10.0.0.1:9464']) {
    it(`counts as unset when Kubernetes injects ${address}`, () => {
      const { server, warnings } = load({ METRICS_PORT: address })

      assert.equal(server.metricsPort, 9464)
      assert.deepEqual(warnings, [])
    })
  }
})

/** With the letter at a place replaced; by none to remove it. */
function changed(name: string, at: number, by: string): string {
  const prefix = name.indexOf('_') + 1
  const place = prefix + (at % (name.length - prefix))
  return name.slice(0, place) + by + name.slice(place + 1)
}
