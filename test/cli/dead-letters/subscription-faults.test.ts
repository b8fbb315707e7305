import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { Ended } from '../../../src/cli/frame/io.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { PullSettings } from '../../../src/local/pubsub/subscription-settings.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../../../src/local/pubsub-stand-in.ts'
import { createScaledClock } from '../../helpers/scaled-clock.ts'
import { until } from '../../helpers/until.ts'
import { createHandTime } from '../../local/hand-time.ts'
import { startProxy, type Treatment } from './start-proxy.ts'
import {
  eventText,
  LETTERS,
  onLine,
  type SubscriptionSceneOptions,
  startSubscription,
} from './subscription-scene.ts'

const OTHER_TOPIC = 'projects/local-project/topics/other'
const NAME = 'letters --project local-project'

/** A subscription behind a proxy that treats requests so. */
async function startBehind(
  t: TestContext,
  treat: (method: string, body: string) => Treatment,
  options: SubscriptionSceneOptions = {},
) {
  let host = ''
  const proxy = await startProxy(t, () => host, treat)
  const scene = await startSubscription(t, { ...options, host: proxy.host })
  host = scene.pubsub.host
  return { ...scene, proxy }
}

function refusal(code: number, status = 'UNKNOWN'): Treatment {
  return { status: code, body: { error: { code, status } } }
}

describe('a subscription that letters may not be read from', () => {
  it('is refused when it has a dead-letter policy, and no attempt is counted', async (t) => {
    const { run, letters, subscription, pubsub } = await startSubscription(t)
    const name = 'projects/local-project/subscriptions/with-policy'
    pubsub.createTopic(OTHER_TOPIC)
    const policy = { deadLetterPolicy: { deadLetterTopic: OTHER_TOPIC } }
    const guarded = pubsub.createPullSubscription(name, {
      topic: LOCAL_DEAD_LETTER_TOPIC,
      ...policy,
    })
    await letters(onLine(1))

    for (const command of [['list'], ['show', '77-1'], ['replay'], ['replay', '--apply']]) {
      const { code, out, err } = await run(...command, '--from', name)

      assert.deepEqual([code, out], [2, ''])
      assert.match(err, /has a dead-letter policy itself, and each look .* count as an attempt/)
      assert.match(err, /update with-policy --project local-project --clear-dead-letter-policy \(/)
      assert.equal(err.split('\n').length, 2)
    }
    assert.equal(guarded.stats().pulls, 0)
    assert.equal(subscription.stats().pulls, 0)
  })

  it('is refused when it pushes, whatever else it is set to', async (t) => {
    const { run, pubsub } = await startSubscription(t)
    const name = 'projects/local-project/subscriptions/pushing'
    pubsub.createTopic(OTHER_TOPIC)
    pubsub.createSubscription(name, {
      topic: LOCAL_DEAD_LETTER_TOPIC,
      pushConfig: { pushEndpoint: 'http://127.0.0.1:1/push' },
      deadLetterPolicy: { deadLetterTopic: OTHER_TOPIC },
    })

    const { code, err } = await run('list', '--from', name)

    assert.equal(code, 2)
    assert.match(err, /If it keeps letters, .* modify-push-config pushing .* --push-endpoint ''/)
  })

  for (const [what, description, text] of [
    ['is detached', { detached: true }, /is detached from its topic/],
    ['writes to BigQuery', { bigqueryConfig: { table: 'a.b' } }, /exports its messages/],
  ] as const) {
    it(`is refused when it ${what}`, async (t) => {
      const { run } = await startBehind(t, (method) =>
        method === 'get' ? { status: 200, body: { name: LETTERS, ...description } } : 'pass',
      )

      const { code, err } = await run('list')

      assert.equal(code, 2)
      assert.match(err, text)
    })
  }

  it('is read with a warning for each setting that does harm', async (t) => {
    const { run, letters } = await startSubscription(t, {
      settings: {
        enableExactlyOnceDelivery: true,
        enableMessageOrdering: true,
        retryPolicy: { minimumBackoff: '20s' },
        ...Object({ expirationPolicy: { ttl: '2678400s' } }),
      },
    })
    await letters(onLine(1))

    const { code, out, err } = await run('list')

    assert.deepEqual([code, /^1 letter /m.test(out)], [0, true])
    assert.deepEqual(err.split('\n'), [
      `warning: ${LETTERS} is deleted with its letters after 31 days without activity: gcloud pubsub subscriptions update ${NAME} --expiration-period never`,
      `warning: ${LETTERS} has a retry policy: a letter that was looked at comes again after 20 s or more, so the next command may miss it: gcloud pubsub subscriptions update ${NAME} --clear-retry-policy`,
      `warning: ${LETTERS} has exactly-once delivery: acks are slower, and fail once a lease has ended: gcloud pubsub subscriptions update ${NAME} --no-enable-exactly-once-delivery`,
      `warning: ${LETTERS} orders messages: a letter that stays keeps later ones of its key back, so not all are seen`,
      '',
    ])
  })

  it('is read without a warning when it never expires', async (t) => {
    const settings: Partial<PullSettings> = Object({ expirationPolicy: {} })
    const { run } = await startSubscription(t, { settings })

    assert.equal((await run('list')).err, '')
  })
})

describe('Pub/Sub that does not answer as it should', () => {
  for (const [what, status, code, text] of [
    [
      'no such subscription',
      404,
      2,
      /there is no subscription projects.*subscriptions list --project/,
    ],
    [
      'a missing permission',
      403,
      2,
      /no permission pubsub\.subscriptions\.get on .*roles\/pubsub\.viewer/,
    ],
    ['refused credentials', 401, 2, /no Google credentials \(STATUS_401\): run gcloud auth/],
    ['an outage', 503, 1, /\(PUBSUB_EMULATOR_HOST\) answers 503/],
  ] as const) {
    it(`is told in one line: ${what}`, async (t) => {
      const { run } = await startBehind(t, () => refusal(status))

      const { code: ended, out, err } = await run('list')

      assert.deepEqual([ended, out], [code, ''])
      assert.match(err, text)
      assert.equal(err.split('\n').length, 2)
    })
  }

  it('is told when its API is not enabled', async (t) => {
    const details = [{ reason: 'SERVICE_DISABLED' }]
    const { run } = await startBehind(t, () => ({ status: 403, body: { error: { details } } }))

    assert.match((await run('list')).err, /gcloud services enable pubsub\.googleapis\.com/)
  })

  it('is told when the permission to pull is missing', async (t) => {
    const { run } = await startBehind(t, (method) => (method === 'pull' ? refusal(403) : 'pass'))

    const { code, err } = await run('replay', '--apply')

    assert.equal(code, 2)
    assert.match(err, /no permission pubsub\.subscriptions\.consume on /)
  })

  it('is told when there is nobody at its host', async (t) => {
    const { run } = await startSubscription(t, { host: '127.0.0.1:1' })

    const { code, err } = await run('list')

    assert.deepEqual(
      [code, err],
      [1, '127.0.0.1:1 (PUBSUB_EMULATOR_HOST) does not answer: ECONNREFUSED\n'],
    )
  })

  it('is not asked when its host is none', async (t) => {
    const { run } = await startSubscription(t, { host: 'http://127.0.0.1:1' })

    const { code, err } = await run('list')

    assert.equal(code, 2)
    assert.match(err, /PUBSUB_EMULATOR_HOST must be a host and a port/)
  })

  it('is asked again when a pull fails', async (t) => {
    let pulls = 0
    const { run, letters, subscription } = await startBehind(t, (method) => {
      if (method !== 'pull') return 'pass'
      pulls += 1
      return pulls === 1 || pulls === 3 ? refusal(503) : 'pass'
    })
    await letters(onLine(1))

    const { code, err } = await run('list')

    assert.equal(code, 0, err)
    assert.deepEqual([subscription.outstanding(), subscription.backlog()], [0, 1])
  })

  for (const args of [['list'], ['replay'], ['replay', '--apply']]) {
    it(`is not said to be read whole when the answer to a pull is lost: ${args.join(' ')}`, async (t) => {
      let pulls = 0
      const { run, letters, subscription } = await startBehind(t, (method) => {
        if (method === 'pull') pulls += 1
        return method === 'pull' && pulls === 1 ? 'lost' : 'pass'
      })
      await letters(onLine(1))

      const { code, out, err } = await run(...args)

      assert.equal(code, 1)
      assert.match(out, /^0 letters/m)
      assert.match(err, /^pulls that Pub\/Sub did not answer, .* when their leases end: 1$/m)
      assert.equal(subscription.backlog(), 1)
    })
  }

  for (const args of [['list'], ['replay']]) {
    it(`is not said to be read whole when it takes five minutes: ${args.join(' ')}`, async (t) => {
      let takenMs = 0
      const { run, letters, subscription } = await startBehind(
        t,
        (method) => {
          if (method === 'pull') takenMs += 300_000
          return 'pass'
        },
        { clock: { ...systemClock, monotonic: () => systemClock.monotonic() + takenMs } },
      )
      await letters(onLine(1))

      const { code, out, err } = await run(...args)

      assert.equal(code, 1)
      assert.match(out, /^1 letter /m)
      assert.match(err, /^1 message looked at in five minutes, .*; there may be more$/m)
      assert.equal(subscription.outstanding(), 0)
    })
  }

  it('ends a list when a pull always fails, and gives back what it has', async (t) => {
    let pulls = 0
    const { run, letters, subscription } = await startBehind(t, (method) => {
      if (method === 'pull') pulls += 1
      return method === 'pull' && pulls > 1 ? refusal(500) : 'pass'
    })
    await letters(onLine(1))

    const { code, err } = await run('list')

    assert.deepEqual([code, pulls], [1, 4])
    assert.match(err, /answers 500: nothing more was read/)
    assert.equal(subscription.outstanding(), 0)
  })

  it('is told when it takes nothing back', async (t) => {
    const { run, letters } = await startBehind(t, (method) =>
      method === 'modifyAckDeadline' ? refusal(503) : 'pass',
    )
    await letters(onLine(1), onLine(2))

    const { err } = await run('list')

    assert.equal(err, 'messages that come again within 60 s only: 2\n')
  })
})

describe('a replay whose acks fail', () => {
  it('acks again before it ends', async (t) => {
    let acks = 0
    const { run, letters, subscription, rows } = await startBehind(t, (method) => {
      if (method === 'acknowledge') acks += 1
      return method === 'acknowledge' && acks === 1 ? refusal(503) : 'pass'
    })
    await letters(onLine(1), onLine(2))

    const { code, err } = await run('replay', '--apply')

    assert.deepEqual([code, err], [0, ''])
    assert.deepEqual(rows(), ['e 77-1', 'e 77-2'])
    assert.equal(subscription.backlog(), 0)
  })

  it('says so, and the next one sends the same ids again', async (t) => {
    let isBroken = true
    const { run, letters, subscription, mixpanel } = await startBehind(t, (method) =>
      isBroken && method === 'acknowledge' ? refusal(503) : 'pass',
    )
    await letters(onLine(1), onLine(2, { event: eventText({ time: 'yesterday' }) }))

    const { out, err } = await run('replay', '--apply')
    assert.match(out, /1 imported · 1 failed again/)
    assert.match(
      err,
      /^messages of done letters that could not be acked, and may come .* same ids: 2$/m,
    )
    isBroken = false
    const next = await run('replay', '--apply')

    // The second letter is there with no replay and with one. Both fail again, and are one letter then.
    assert.match(next.out, /^3 letters {3}1 imported · 2 failed again$/m)
    assert.equal(mixpanel.rows().length, 2)
    assert.equal(mixpanel.deduplicated().length, 1)
    const left = JSON.parse((await run('list', '--json')).out)
    assert.partialDeepStrictEqual(left, { open: 1, messages: 1 })
    assert.equal(subscription.backlog(), 1)
  })

  it('takes a lost answer to an ack for a failure, which costs nothing', async (t) => {
    const { run, letters, subscription, rows } = await startBehind(t, (method) =>
      method === 'acknowledge' ? 'lost' : 'pass',
    )
    await letters(onLine(1))

    const { code } = await run('replay', '--apply')

    assert.equal(code, 0)
    assert.deepEqual(rows(), ['e 77-1'])
    assert.equal(subscription.backlog(), 0)
  })

  it('acks a letter that has come again under exactly-once delivery', async (t) => {
    const { letters, begin, subscription, time, mixpanel } = await startTimed(t, {
      enableExactlyOnceDelivery: true,
    })
    mixpanel.answerNext(1, { kind: 'gate' })
    await letters(onLine(1))
    const { ended, io } = begin('replay', '--apply')
    await until('a request', () => mixpanel.requests().length > 0)
    await time.advance(10_000)
    mixpanel.release()

    assert.equal(await ended, 0, io.err())
    assert.match(io.err(), /could not be acked, and may come again with the same ids: 1$/m)
    assert.equal(subscription.backlog(), 0)
    assert.equal(mixpanel.rows().length, 1)
  })
})

/** Letters in a Pub/Sub whose time is moved by hand, while the command's stands still. */
async function startTimed(t: TestContext, settings: Partial<PullSettings> = {}) {
  const time = createHandTime()
  const scene = await startSubscription(t, { standIn: { time }, settings })
  return { ...scene, time }
}

describe('leases that end while letters are sent', () => {
  it('bring the letters again, which are acked then and not sent twice', async (t) => {
    const { letters, begin, subscription, time, mixpanel, rows } = await startTimed(t)
    mixpanel.answerNext(1, { kind: 'gate' })
    await letters(onLine(1), onLine(2))
    const { ended, io } = begin('replay', '--apply')
    await until('a request', () => mixpanel.requests().length > 0)

    await time.advance(10_000)
    assert.equal(subscription.outstanding(), 0)
    mixpanel.release()

    assert.equal(await ended, 0, io.err())
    assert.deepEqual(rows(), ['e 77-1', 'e 77-2'])
    assert.equal(subscription.backlog(), 0)
  })

  it('are extended meanwhile', async (t) => {
    const time = createHandTime()
    const { letters, begin, subscription, mixpanel, proxy } = await startBehind(t, () => 'pass', {
      clock: createScaledClock(10),
      standIn: { time },
    })
    mixpanel.answerNext(1, { kind: 'gate' })
    await letters(onLine(1))
    const { ended } = begin('replay', '--apply')

    await until('an extension', () => proxy.passed.includes('modifyAckDeadline'))
    await time.advance(10_000)
    mixpanel.release()

    assert.equal(await ended, 0)
    assert.equal(subscription.stats().returns, 0)
  })
})

it('a replay that is ended by a signal acks what is done, and gives the rest back', async (t) => {
  const { letters, begin, subscription, mixpanel } = await startSubscription(t)
  mixpanel.answerNext(1, { kind: 'gate' })
  await letters(onLine(1), onLine(2), onLine(3))
  const { io, ended } = begin('replay', '--apply', '--rate', '1')
  await until('a request', () => mixpanel.requests().length > 0)

  io.end(new Ended(130))
  mixpanel.release()

  assert.equal(await ended, 130)
  assert.equal(subscription.outstanding(), 0)
  assert.equal(subscription.backlog() + mixpanel.rows().length, 3)
})

it('a list whose reader has gone gives all back', async (t) => {
  const { letters, begin, subscription } = await startSubscription(t)
  await letters(onLine(1), onLine(2))
  const { io, ended } = begin('list', '--ids')

  io.end(new Ended(0))

  assert.equal(await ended, 0)
  assert.equal(subscription.outstanding(), 0)
})
