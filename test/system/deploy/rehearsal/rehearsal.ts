import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Behaviour } from '../../../../src/local/mixpanel/behaviour.ts'
import { startPubsubStandIn } from '../../../../src/local/pubsub-stand-in.ts'
import { LOCAL_TOPIC } from '../../../../src/local/push-request.ts'
import { LOCAL_AUDIENCE, LOCAL_SERVICE_ACCOUNT } from '../../../../src/local/token-issuer.ts'
import { createFakeClock } from '../../../helpers/fake-clock.ts'
import { until } from '../../../helpers/until.ts'
import { startWorld } from '../../../helpers/world.ts'
import { SUBSCRIPTION } from '../alerts.ts'
import type { Recording } from './conditions.ts'
import { createRecorder, responseClassOf, type SubscriptionNumbers } from './recorder.ts'

/** A time in which the same happens in each minute. */
export interface Act {
  readonly minutes: number
  /** How Mixpanel behaves. As normal when absent. */
  readonly mixpanel?: Behaviour
  /** The data of the message that is published every ten seconds; none when absent. */
  readonly publishes?: string
  /** Whether each push is answered before the next second, or may wait until near its deadline. */
  readonly pushes: 'answered' | 'held'
}

const SECOND_MS = 1_000
const MINUTE_MS = 60_000
/** Turns of the event loop that a push has in each second of the clock that it is held. */
const TURNS = 5
/** The same in each run: how far messages are spread when they come again decides about an alert. */
const NO_JITTER = (): number => 0.5
const LETTER_TOPIC = 'projects/local-project/topics/letters'
const EVENTS = `projects/local-project/subscriptions/${SUBSCRIPTION}`
const LETTERS = 'projects/local-project/subscriptions/events-dead'

/**
 * Plays acts with the real service between a Pub/Sub and a Mixpanel on loopback, deployed as the
 * module does, and records each minute. One clock moves all of them, and nothing waits for real time.
 */
export async function rehearse(t: TestContext, acts: readonly Act[]): Promise<Recording> {
  const clock = createFakeClock(Date.now())
  const wait = (ms: number) => new Promise<void>((done) => void clock.after(ms, done))
  const pubsub = await startPubsubStandIn({
    time: { now: clock.now, after: clock.after, wait },
    random: NO_JITTER,
    pushToken: ({ audience, email }) => world.issuer.token({ aud: audience, email }),
  })
  t.after(() => pubsub.close())
  pubsub.createTopic(LOCAL_TOPIC)
  pubsub.createTopic(LETTER_TOPIC)
  const letters = pubsub.createPullSubscription(LETTERS, { topic: LETTER_TOPIC })
  const world = await startWorld(t, {
    clock,
    deps: { random: NO_JITTER },
    env: {
      LOG_LEVEL: 'info',
      PUSH_ACK_DEADLINE_SECONDS: '60',
      DEAD_LETTER: `pubsub:${LETTER_TOPIC}`,
      PUBSUB_EMULATOR_HOST: pubsub.host,
    },
  })
  const unacked = new Map<string, number>()
  const events = pubsub.createSubscription(
    EVENTS,
    {
      topic: LOCAL_TOPIC,
      pushConfig: {
        pushEndpoint: `${world.url}/push`,
        oidcToken: { serviceAccountEmail: LOCAL_SERVICE_ACCOUNT, audience: LOCAL_AUDIENCE },
      },
      ackDeadlineSeconds: 60,
      retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
    },
    {
      answered(message, _, isAcked) {
        if (isAcked) unacked.delete(message.messageId)
      },
    },
  )
  const recorder = createRecorder()
  const from = clock.now()
  let nextAt = from
  for (const act of acts) await play(act)
  await end()
  return { from, to: clock.now(), series: recorder.series, entries: recorder.entries }

  async function play({ minutes, mixpanel = { kind: 'delay', ms: 0 }, publishes, pushes }: Act) {
    world.mixpanel.answerAlways(mixpanel.kind === 'delay' ? 'normally' : mixpanel)
    for (let second = 0; second < minutes * 60; second += 1) {
      if (publishes !== undefined && second % 10 === 0) publish(publishes)
      await clock.advance(SECOND_MS)
      if (pushes === 'answered') await until('an answer to each push', areAnswered)
      else for (let turn = 0; turn < TURNS; turn += 1) await setImmediate()
      if (clock.now() >= nextAt) await note()
    }
  }

  /** The service waits for its last pushes, and the clock goes on meanwhile. */
  async function end(): Promise<void> {
    events.pause()
    let isClosed = false
    const closed = world.service.close().then(() => {
      isClosed = true
    })
    await until('the end of the service', async () => {
      await clock.advance(SECOND_MS)
      return isClosed
    })
    await closed
    await note()
  }

  function publish(data: string): void {
    for (const id of pubsub.publish(LOCAL_TOPIC, [{ data }])) unacked.set(id, clock.now())
  }

  /** A batch may wait for its linger, so the clock goes on a little. */
  async function areAnswered(): Promise<boolean> {
    if (events.outstanding() === 0) return true
    await clock.advance(10)
    return false
  }

  async function note(): Promise<void> {
    nextAt += MINUTE_MS
    recorder.note(clock.now(), [ofEvents(), ofLetters()], world.logLines)
    recorder.collect(clock.now(), await world.service.metrics.text())
  }

  function ofEvents(): SubscriptionNumbers {
    const { acks, nacks } = events.stats()
    const pushes: Record<string, number> = { ack: acks }
    for (const [answer, count] of Object.entries(nacks)) {
      const name = responseClassOf(answer)
      pushes[name] = (pushes[name] ?? 0) + count
    }
    const oldest = Math.min(clock.now(), ...unacked.values())
    const oldestAgeSeconds = (clock.now() - oldest) / SECOND_MS
    return { subscription: SUBSCRIPTION, undelivered: events.backlog(), oldestAgeSeconds, pushes }
  }

  function ofLetters(): SubscriptionNumbers {
    const undelivered = letters.backlog()
    return { subscription: 'events-dead', undelivered, oldestAgeSeconds: 0, pushes: {} }
  }
}
