import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startPubsub } from '../../helpers/pubsub.ts'
import { FORBIDDEN } from './fake-google.ts'
import {
  aService,
  aSubscription,
  DEAD_TOPIC,
  OF_SERVICE,
  OF_SUBSCRIPTION,
  PUSH_ACCOUNT,
  SERVICE_PATH,
  SERVICE_URL,
  SUBSCRIPTION,
  SUBSCRIPTION_PATH,
  startDoctorScene,
} from './scene.ts'

const UPDATE = 'gcloud pubsub subscriptions update events-to-mixpanel --project p'
const MODIFY =
  'gcloud pubsub subscriptions modify-push-config events-to-mixpanel --project p ' +
  `--push-endpoint ${SERVICE_URL}/push --push-auth-service-account ${PUSH_ACCOUNT} ` +
  '--push-auth-token-audience https://push.example.com'
const OIDC = { serviceAccountEmail: PUSH_ACCOUNT, audience: 'https://push.example.com' }
const ONE_LETTER = { deadLetterTopic: DEAD_TOPIC, maxDeliveryAttempts: 5 }
const HUNDRED = { deadLetterTopic: DEAD_TOPIC, maxDeliveryAttempts: 100 }
const IN_FILES = { DEAD_LETTER: 'file:letters' }
const KEPT = { subscriptions: ['projects/p/subscriptions/dead'] }

describe('the check of the subscription', () => {
  it('is good when all settings are', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('subscription', OF_SUBSCRIPTION, { env: IN_FILES })

    assert.deepEqual(found, [`ok ${SUBSCRIPTION} pushes to ${SERVICE_URL}/push`])
  })

  it('takes a full name, and the project of the environment', async (t) => {
    const scene = await startDoctorScene(t)
    const env = { ...IN_FILES, GOOGLE_CLOUD_PROJECT: 'p' }

    const full = await scene.findings('subscription', ['--subscription', SUBSCRIPTION], { env })
    const short = await scene.findings('subscription', ['--subscription', 'events-to-mixpanel'], {
      env,
    })

    assert.match(full.join(), /^ok /)
    assert.deepEqual(short, full)
  })

  for (const pushEndpoint of [`${SERVICE_URL}/push/`, `${SERVICE_URL}/`, SERVICE_URL]) {
    it(`is good for the push endpoint ${pushEndpoint}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(SUBSCRIPTION_PATH, aSubscription({}, { pushEndpoint }))

      const found = await scene.findings('subscription', OF_SUBSCRIPTION, { env: IN_FILES })

      assert.match(found.join(), /^ok /)
    })
  }

  for (const [name, settings, push, expected] of [
    [
      'no push endpoint',
      {},
      { pushEndpoint: '' },
      'fail it has no push endpoint: it is a pull or an export subscription, or paused',
    ],
    [
      'another path',
      {},
      { pushEndpoint: `${SERVICE_URL}/pubsub` },
      `fail its push endpoint ends in /pubsub: the service takes pushes at /push mend: ${MODIFY}`,
    ],
    [
      'payload unwrapping',
      {},
      { noWrapper: { writeMetadata: true } },
      `fail payload unwrapping is on: the service answers its pushes 400 mend: ${UPDATE} --clear-push-no-wrapper-config`,
    ],
    [
      'no push service account',
      {},
      { oidcToken: undefined },
      `fail it has no push service account: its pushes carry no token, and the answer is 401 mend: ${MODIFY}`,
    ],
    [
      'another service account',
      {},
      { oidcToken: { ...OIDC, serviceAccountEmail: 'other@p.iam.gserviceaccount.com' } },
      `fail it pushes as other@p.iam.gserviceaccount.com, which PUSH_SERVICE_ACCOUNT does not name mend: ${MODIFY}`,
    ],
    [
      'another audience',
      {},
      { oidcToken: { ...OIDC, audience: 'https://other.example.com' } },
      `fail the audience of its tokens is https://other.example.com, which PUSH_AUDIENCE does not name mend: ${MODIFY}`,
    ],
    [
      'no audience, which then is the endpoint',
      {},
      { oidcToken: { serviceAccountEmail: PUSH_ACCOUNT } },
      `fail the audience of its tokens is ${SERVICE_URL}/push, which PUSH_AUDIENCE does not name mend: ${MODIFY}`,
    ],
    [
      'a shorter ack deadline',
      { ackDeadlineSeconds: 10 },
      {},
      `fail its ack deadline is 10 s, PUSH_ACK_DEADLINE_SECONDS is 60: pushes come again while they are worked on mend: ${UPDATE} --ack-deadline 60`,
    ],
    [
      'no ack deadline, which then is 10 s',
      { ackDeadlineSeconds: undefined },
      {},
      `fail its ack deadline is 10 s, PUSH_ACK_DEADLINE_SECONDS is 60: pushes come again while they are worked on mend: ${UPDATE} --ack-deadline 60`,
    ],
    [
      'a longer ack deadline',
      { ackDeadlineSeconds: 600 },
      {},
      `warn its ack deadline is 600 s, PUSH_ACK_DEADLINE_SECONDS is 60: the service gives up sooner than it must mend: ${UPDATE} --ack-deadline 60`,
    ],
    [
      'no retry policy',
      { retryPolicy: undefined },
      {},
      `warn it has no retry policy: refused pushes come again at once, and an outage becomes a storm mend: ${UPDATE} --min-retry-delay 10s --max-retry-delay 600s`,
    ],
    [
      'a short back-off',
      { retryPolicy: { minimumBackoff: '1s', maximumBackoff: '60.500s' } },
      {},
      `warn its retry policy is 1 s to 60.5 s; 10 s to 600 s spare an outage mend: ${UPDATE} --min-retry-delay 10s --max-retry-delay 600s`,
    ],
    [
      'an expiration',
      { expirationPolicy: { ttl: '86400s' } },
      {},
      `warn it is deleted after 1 days without activity mend: ${UPDATE} --expiration-period never`,
    ],
    [
      'the default expiration',
      { expirationPolicy: undefined },
      {},
      `warn it is deleted after 31 days without activity mend: ${UPDATE} --expiration-period never`,
    ],
    [
      'ordering',
      { enableMessageOrdering: true },
      {},
      'warn it orders messages, so one push of a key waits for another: Mixpanel needs no order. Only a new subscription can do without',
    ],
    [
      'exactly-once delivery',
      { enableExactlyOnceDelivery: true },
      {},
      `warn it is set to exactly-once delivery, which push does not have mend: ${UPDATE} --no-enable-exactly-once-delivery`,
    ],
    [
      'a deleted topic',
      { topic: '_deleted-topic_' },
      {},
      'fail its topic is deleted: nothing comes any more',
    ],
    [
      'a detached one',
      { detached: true },
      {},
      'fail it is detached from its topic: nothing comes any more',
    ],
    [
      'a dead-letter policy of a few attempts',
      { deadLetterPolicy: ONE_LETTER },
      {},
      'warn its dead-letter policy takes messages after 5 attempts: it collects good ones during an outage ' +
        `mend: ${UPDATE} --dead-letter-topic ${DEAD_TOPIC} --max-delivery-attempts 100`,
    ],
    [
      'a dead-letter policy whose topic is deleted',
      { deadLetterPolicy: { deadLetterTopic: '_deleted-topic_' } },
      {},
      'fail the topic of its dead-letter policy is deleted',
    ],
  ] as const) {
    it(`finds ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(SUBSCRIPTION_PATH, aSubscription(settings, push))
      scene.google.has(`/v1/${DEAD_TOPIC}/subscriptions`, KEPT)

      const found = await scene.findings('subscription', OF_SUBSCRIPTION, { env: IN_FILES })

      assert.deepEqual(found, [expected])
    })
  }

  it('prints a line for each fault', async (t) => {
    const scene = await startDoctorScene(t)
    const faulty = aSubscription({ ackDeadlineSeconds: 10, expirationPolicy: undefined })
    scene.google.has(SUBSCRIPTION_PATH, faulty)

    const { code, out } = await scene.run(['--only', 'subscription', ...OF_SUBSCRIPTION], {
      env: IN_FILES,
    })

    assert.equal(code, 1)
    assert.equal(
      out,
      [
        'FAIL  subscription        its ack deadline is 10 s, PUSH_ACK_DEADLINE_SECONDS is 60: pushes come again while they are worked on',
        `      mend: ${UPDATE} --ack-deadline 60`,
        'warn  subscription        it is deleted after 31 days without activity',
        `      mend: ${UPDATE} --expiration-period never`,
        '1 failed, 1 warning',
        '',
      ].join('\n'),
    )
  })

  it('finds that PUSH_SUBSCRIPTIONS does not name it', async (t) => {
    const scene = await startDoctorScene(t)
    const env = { ...IN_FILES, PUSH_SUBSCRIPTIONS: 'projects/p/subscriptions/other' }

    const found = await scene.findings('subscription', OF_SUBSCRIPTION, { env })

    assert.deepEqual(found, [
      'fail PUSH_SUBSCRIPTIONS does not name it: the service answers its pushes 403',
    ])
  })

  it('accepts every audience and account of the lists', async (t) => {
    const scene = await startDoctorScene(t)
    const env = {
      ...IN_FILES,
      PUSH_AUDIENCE: 'https://a.example.com,https://push.example.com',
      PUSH_SERVICE_ACCOUNT: `other@b.c,${PUSH_ACCOUNT.toUpperCase()}`,
    }

    assert.match((await scene.findings('subscription', OF_SUBSCRIPTION, { env })).join(), /^ok /)
  })

  it('gives no mend line where more than one value would be right', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.has(
      SUBSCRIPTION_PATH,
      aSubscription({}, { oidcToken: { ...OIDC, audience: 'x' } }),
    )
    const env = { ...IN_FILES, PUSH_AUDIENCE: 'https://a.example.com,https://b.example.com' }

    const found = await scene.findings('subscription', OF_SUBSCRIPTION, { env })

    assert.deepEqual(found, [
      'fail the audience of its tokens is x, which PUSH_AUDIENCE does not name',
    ])
  })

  for (const [name, letters, settings, kept, expected] of [
    [
      'no policy',
      'subscription',
      {},
      KEPT,
      /^fail DEAD_LETTER is subscription, and it has no dead-letter policy/,
    ],
    ['a policy', 'subscription', { deadLetterPolicy: ONE_LETTER }, KEPT, /^ok /],
    [
      'a policy without a subscription',
      'subscription',
      { deadLetterPolicy: ONE_LETTER },
      {},
      /^fail .* has no subscription: its messages are lost mend: gcloud pubsub subscriptions create dead /,
    ],
    ['a policy of 100 attempts', 'file:x', { deadLetterPolicy: HUNDRED }, KEPT, /^ok /],
    [
      '100 attempts without a subscription',
      'file:x',
      { deadLetterPolicy: HUNDRED },
      {},
      /^warn .* has no subscription: its messages are lost mend: /,
    ],
  ] as const) {
    it(`compares the dead-letter policy with DEAD_LETTER=${letters}: ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(SUBSCRIPTION_PATH, aSubscription(settings))
      scene.google.has(`/v1/${DEAD_TOPIC}/subscriptions`, kept)

      const found = await scene.findings('subscription', OF_SUBSCRIPTION, {
        env: { DEAD_LETTER: letters },
      })

      assert.match(found.join(), expected)
      assert.equal(found.length, 1)
    })
  }

  it('fails when the topic of the policy does not exist', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.has(SUBSCRIPTION_PATH, aSubscription({ deadLetterPolicy: ONE_LETTER }))

    const found = await scene.findings('subscription', OF_SUBSCRIPTION)

    assert.deepEqual(found, [
      `fail the topic of its dead-letter policy, ${DEAD_TOPIC}, does not exist`,
    ])
  })

  it('fails when it does not exist, and is skipped when it may not be read', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(SUBSCRIPTION_PATH, { status: 404, body: '' })
    const missing = await scene.findings('subscription', OF_SUBSCRIPTION)
    scene.google.answers(SUBSCRIPTION_PATH, FORBIDDEN)
    const forbidden = await scene.findings('subscription', OF_SUBSCRIPTION)

    assert.deepEqual(missing, [`fail there is no subscription ${SUBSCRIPTION}`])
    assert.deepEqual(forbidden, ['skip no permission pubsub.subscriptions.get'])
  })

  it('is compared with the service: its host, and the audiences that Cloud Run accepts', async (t) => {
    const scene = await startDoctorScene(t)
    const args = [...OF_SUBSCRIPTION, ...OF_SERVICE]
    const env = { PUSH_AUTH: 'cloud-run-iam', PUSH_AUDIENCE: '' }
    const findingsWith = (push: object, changes = {}) => {
      scene.google.has(SERVICE_PATH, aService({ env, ...changes }))
      scene.google.has(SUBSCRIPTION_PATH, aSubscription({}, push))
      return scene.findings('subscription', args)
    }
    const oidcToken = { serviceAccountEmail: PUSH_ACCOUNT, audience: SERVICE_URL }

    const good = await findingsWith({ oidcToken })
    const path = await findingsWith({
      oidcToken: { ...oidcToken, audience: `${SERVICE_URL}/push` },
    })
    const other = await findingsWith({
      oidcToken: { ...oidcToken, audience: 'https://x.example.com' },
    })
    const custom = await findingsWith(
      { oidcToken: { ...oidcToken, audience: 'https://x.example.com' } },
      { customAudiences: ['https://x.example.com'] },
    )
    const host = await findingsWith({
      oidcToken,
      pushEndpoint: 'https://other-xyz.europe-west1.run.app/push',
    })

    assert.match(good.join(), /^ok /)
    assert.match(path.join(), /^warn .* the URL of the service without a path is safer$/)
    assert.match(other.join(), /^fail .* and answers 401 to others$/)
    assert.match(custom.join(), /^ok /)
    assert.match(
      host.join(),
      /^fail it pushes to other-xyz\.europe-west1\.run\.app, which is another service mend: gcloud .* --push-endpoint https:\/\/pubsub-mixpanel/,
    )
  })

  it('asks an emulator without credentials, and skips the grants', async (t) => {
    const scene = await startDoctorScene(t)
    const pubsub = await startPubsub(t)
    pubsub.createTopic('projects/p/topics/events')
    pubsub.createSubscription(SUBSCRIPTION, {
      topic: 'projects/p/topics/events',
      pushConfig: { pushEndpoint: 'http://127.0.0.1:1/push' },
      ackDeadlineSeconds: 60,
    })
    const env = { ...IN_FILES, PUSH_AUTH: 'none', PUBSUB_EMULATOR_HOST: new URL(pubsub.url).host }

    const credentials = {
      access: async () => ({ kind: 'refused', code: 'NO_CREDENTIALS' }) as const,
      forget: () => undefined,
    }

    const found = await scene.findings('subscription,grants', OF_SUBSCRIPTION, {
      env,
      world: { credentials },
    })

    assert.match(found.join('\n'), /^warn it has no retry policy/)
    assert.equal(found.at(-1), 'skip an emulator of Pub/Sub knows no grants')
    assert.deepEqual(scene.google.asked(), [])
  })
})
