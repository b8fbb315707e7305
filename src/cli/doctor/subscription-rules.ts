import type { Config } from '../../config/load-config.ts'
import { type Finding, fail, warn } from './finding.ts'
import { type FlagValue, gcloud } from './gcloud.ts'
import { textAt, valueAt } from './json-at.ts'
import { parseName } from './resource-name.ts'

/** A subscription as Pub/Sub describes it, and the service that it pushes to. */
export interface Examined {
  /** The full name. */
  readonly name: string
  /** The JSON of the subscription. */
  readonly subscription: unknown
  readonly config: Config
  /** The base URLs of the service, and further audiences that Cloud Run accepts for it. */
  readonly service?:
    | { readonly urls: readonly string[]; readonly audiences: readonly string[] }
    | undefined
}

type Rule = (examined: Examined) => readonly Finding[]

const DAY_SECONDS = 86_400
const DELETED_TOPIC = '_deleted-topic_'
/** The default of Pub/Sub, for a subscription that says nothing. */
const DEFAULT_ACK_DEADLINE = 10
const WANTED_ATTEMPTS = 100

const RULES: readonly Rule[] = [
  topic,
  allowList,
  ackDeadline,
  retryPolicy,
  expiration,
  ordering,
  exactlyOnce,
  policy,
]

/** Returns the faults in the settings of a subscription that do not concern its pushes. */
export function settingFaults(examined: Examined): readonly Finding[] {
  return RULES.flatMap((rule) => rule(examined))
}

/** Returns the command line that changes settings of the subscription. */
export function update(name: string, flags: Readonly<Record<string, FlagValue>>): string {
  const { project, id } = parseName(name)
  return gcloud(['pubsub', 'subscriptions', 'update', id], { project, ...flags })
}

function topic({ subscription }: Examined): readonly Finding[] {
  const isGone = textAt(subscription, 'topic') === DELETED_TOPIC
  if (isGone) return [fail('its topic is deleted: nothing comes any more')]
  if (valueAt(subscription, 'detached') === true) {
    return [fail('it is detached from its topic: nothing comes any more')]
  }
  return []
}

function allowList({ name, config }: Examined): readonly Finding[] {
  const { subscriptions } = config.push
  if (subscriptions.length === 0 || subscriptions.includes(name)) return []
  return [fail('PUSH_SUBSCRIPTIONS does not name it: the service answers its pushes 403')]
}

function ackDeadline({ name, subscription, config }: Examined): readonly Finding[] {
  const found = valueAt(subscription, 'ackDeadlineSeconds')
  const theirs = typeof found === 'number' && found > 0 ? found : DEFAULT_ACK_DEADLINE
  const ours = config.push.ackDeadlineMs / 1_000
  if (theirs === ours) return []
  const text = `its ack deadline is ${theirs} s, PUSH_ACK_DEADLINE_SECONDS is ${ours}`
  const mend = update(name, { 'ack-deadline': ours })
  if (theirs < ours) return [fail(`${text}: pushes come again while they are worked on`, mend)]
  return [warn(`${text}: the service gives up sooner than it must`, mend)]
}

function retryPolicy({ name, subscription }: Examined): readonly Finding[] {
  const found = valueAt(subscription, 'retryPolicy')
  const mend = update(name, { 'min-retry-delay': '10s', 'max-retry-delay': '600s' })
  if (found === undefined) {
    return [
      warn(
        'it has no retry policy: refused pushes come again at once, and an outage becomes a storm',
        mend,
      ),
    ]
  }
  const least = secondsOf(textAt(found, 'minimumBackoff')) ?? 10
  const most = secondsOf(textAt(found, 'maximumBackoff')) ?? 600
  if (least >= 10 && most >= 600) return []
  return [warn(`its retry policy is ${least} s to ${most} s; 10 s to 600 s spare an outage`, mend)]
}

function expiration({ name, subscription }: Examined): readonly Finding[] {
  const found = valueAt(subscription, 'expirationPolicy')
  const seconds = secondsOf(textAt(found, 'ttl'))
  if (found !== undefined && seconds === undefined) return []
  const days = Math.round((seconds ?? 31 * DAY_SECONDS) / DAY_SECONDS)
  const text = `it is deleted after ${days} days without activity`
  return [warn(text, update(name, { 'expiration-period': 'never' }))]
}

function ordering({ subscription }: Examined): readonly Finding[] {
  if (valueAt(subscription, 'enableMessageOrdering') !== true) return []
  return [
    warn(
      'it orders messages, so one push of a key waits for another: Mixpanel needs no order. Only a new subscription can do without',
    ),
  ]
}

function exactlyOnce({ name, subscription }: Examined): readonly Finding[] {
  if (valueAt(subscription, 'enableExactlyOnceDelivery') !== true) return []
  const mend = update(name, { 'no-enable-exactly-once-delivery': true })
  return [warn('it is set to exactly-once delivery, which push does not have', mend)]
}

/** Compares the dead-letter policy with the mode of dead letters. */
function policy({ name, subscription, config }: Examined): readonly Finding[] {
  const { kind } = config.deadLetter
  const topicName = textAt(subscription, 'deadLetterPolicy', 'deadLetterTopic')
  if (topicName === undefined) {
    if (kind !== 'subscription') return []
    return [
      fail(
        'DEAD_LETTER is subscription, and it has no dead-letter policy: a refused message comes again until its retention ends',
      ),
    ]
  }
  if (topicName === DELETED_TOPIC) return [fail('the topic of its dead-letter policy is deleted')]
  const attempts = Number(valueAt(subscription, 'deadLetterPolicy', 'maxDeliveryAttempts') ?? 5)
  if (kind === 'subscription' || attempts >= WANTED_ATTEMPTS) return []
  const mend = update(name, {
    'dead-letter-topic': topicName,
    'max-delivery-attempts': WANTED_ATTEMPTS,
  })
  return [
    warn(
      `its dead-letter policy takes messages after ${attempts} attempts: it collects good ones during an outage`,
      mend,
    ),
  ]
}

/** Returns the seconds of a duration of proto3, like `10s`; `undefined` when there is none. */
export function secondsOf(text: string | undefined): number | undefined {
  const [, seconds] = /^(\d+(?:\.\d+)?)s$/.exec(text ?? '') ?? []
  return seconds === undefined ? undefined : Number(seconds)
}
