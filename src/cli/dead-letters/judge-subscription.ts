import { gcloud } from '../doctor/gcloud.ts'
import { textAt, valueAt } from '../doctor/json-at.ts'
import { parseName } from '../doctor/resource-name.ts'
import { secondsOf, update } from '../doctor/subscription-rules.ts'
import { UserMistake } from '../frame/io.ts'

/** A subscription that letters may be pulled from. */
export interface LettersSubscription {
  readonly ackDeadlineMs: number
  /** Lines for stderr about settings that do harm. */
  readonly warnings: readonly string[]
}

const DEFAULT_ACK_DEADLINE_SECONDS = 10
const DAY_SECONDS = 86_400

/**
 * Judges the settings of a subscription, the JSON that Pub/Sub describes it by. Throws a
 * `UserMistake` when nothing can be pulled, or when pulling would do harm.
 */
export function judgeSubscription(name: string, subscription: unknown): LettersSubscription {
  const refusal = refusalOf(name, subscription)
  if (refusal !== undefined) throw new UserMistake(refusal)
  const seconds = Number(valueAt(subscription, 'ackDeadlineSeconds') ?? 0)
  const warnings = [expiry, retryPolicy, exactlyOnce, ordering].flatMap((rule) =>
    rule(name, subscription),
  )
  return {
    ackDeadlineMs: (seconds || DEFAULT_ACK_DEADLINE_SECONDS) * 1_000,
    warnings: warnings.map((text) => `warning: ${name} ${text}`),
  }
}

/** Returns why nothing may be pulled, and what to do; `undefined` when letters may be. */
function refusalOf(name: string, subscription: unknown): string | undefined {
  if (textAt(subscription, 'pushConfig', 'pushEndpoint') !== undefined) {
    const { project, id } = parseName(name)
    const words = ['pubsub', 'subscriptions', 'modify-push-config', id]
    return `${name} pushes its messages, so none can be pulled. If it keeps letters, make it a pull subscription first: ${gcloud(words, { project, 'push-endpoint': '' })}`
  }
  if (valueAt(subscription, 'deadLetterPolicy') !== undefined) {
    return `${name} has a dead-letter policy itself, and each look at a letter would count as an attempt. If it keeps letters, remove the policy first: ${update(name, { 'clear-dead-letter-policy': true })}`
  }
  if (valueAt(subscription, 'detached') === true) {
    return `${name} is detached from its topic, and has no messages`
  }
  const exports = ['bigqueryConfig', 'cloudStorageConfig'].filter(
    (field) => valueAt(subscription, field) !== undefined,
  )
  if (exports.length > 0) {
    return `${name} exports its messages (${exports.join()}), so none can be pulled: make a pull subscription to its topic`
  }
  return undefined
}

type Rule = (name: string, subscription: unknown) => readonly string[]

const expiry: Rule = (name, subscription) => {
  const seconds = secondsOf(textAt(subscription, 'expirationPolicy', 'ttl'))
  if (seconds === undefined) return []
  const days = Math.round(seconds / DAY_SECONDS)
  const mend = update(name, { 'expiration-period': 'never' })
  return [`is deleted with its letters after ${days} days without activity: ${mend}`]
}

const retryPolicy: Rule = (name, subscription) => {
  const policy = valueAt(subscription, 'retryPolicy')
  if (policy === undefined) return []
  const seconds = secondsOf(textAt(policy, 'minimumBackoff')) ?? 10
  const mend = update(name, { 'clear-retry-policy': true })
  return [
    `has a retry policy: a letter that was looked at comes again after ${seconds} s or more, so the next command may miss it: ${mend}`,
  ]
}

const exactlyOnce: Rule = (name, subscription) => {
  if (valueAt(subscription, 'enableExactlyOnceDelivery') !== true) return []
  const mend = update(name, { 'no-enable-exactly-once-delivery': true })
  return [`has exactly-once delivery: acks are slower, and fail once a lease has ended: ${mend}`]
}

const ordering: Rule = (_, subscription) => {
  if (valueAt(subscription, 'enableMessageOrdering') !== true) return []
  return [
    'orders messages: a letter that stays keeps later ones of its key back, so not all are seen',
  ]
}
