import { invalid, notFound, type Refusal } from './refusal.ts'
import { parseResourceName } from './resource-names.ts'
import { type FieldRule, required, type Shape, shapeFault } from './shape.ts'
import {
  durationMs,
  type PullSettings,
  retryPolicyOf,
  type SubscriptionSettings,
} from './subscription-settings.ts'

/** The parsed settings, or the reason why Pub/Sub or this stand-in refuses them. */
export type SettingsJudgement = Readonly<
  | { kind: 'push'; settings: SubscriptionSettings }
  | { kind: 'pull'; settings: PullSettings }
  | Refusal
>

const LONGEST_BACKOFF_MS = 600_000

/** A field of the REST reference that changes nothing here. */
const WITHOUT_EFFECT: FieldRule = { kind: 'any' }
const TEXT: FieldRule = {
  kind: 'value',
  holds: (value) => typeof value === 'string' && value !== '',
  says: 'a text',
}
const FLAG: FieldRule = {
  kind: 'value',
  holds: (value) => typeof value === 'boolean',
  says: 'true or false',
}
const TOPIC: FieldRule = {
  kind: 'value',
  holds: (value) => parseResourceName(String(value))?.collection === 'topics',
  says: 'projects/PROJECT/topics/TOPIC',
}
const ENDPOINT: FieldRule = {
  kind: 'value',
  // An empty endpoint is the one of a pull subscription.
  holds: (value) =>
    value === '' || (typeof value === 'string' && /^http:/.test(value) && URL.canParse(value)),
  says: 'a URL with http: this stand-in speaks no TLS',
}
const BACKOFF: FieldRule = {
  kind: 'value',
  holds: (value) => durationMs(String(value)) <= LONGEST_BACKOFF_MS,
  says: 'seconds from "0s" to "600s"',
}
const FORM: FieldRule = {
  kind: 'value',
  holds: (value) => value === 'wrapped' || value === 'eventarc',
  says: '"wrapped" or "eventarc"',
}
const SHARE: FieldRule = {
  kind: 'value',
  holds: (value) => isWithin(value, 0, 1),
  says: 'a number from 0 to 1',
}
const DELAY: FieldRule = {
  kind: 'value',
  holds: (value) => isWithin(value, 0, Number.MAX_SAFE_INTEGER),
  says: 'milliseconds from 0',
}
const WINDOW: FieldRule = {
  kind: 'value',
  holds: (value) => Number.isSafeInteger(value) && isWithin(value, 1, Number.MAX_SAFE_INTEGER),
  says: 'a whole number from 1',
}

/** `local` is ours. The others are the fields of the REST reference that concern a delivery. */
const SUBSCRIPTION: Shape = {
  name: WITHOUT_EFFECT,
  topic: required(TOPIC),
  pushConfig: {
    kind: 'object',
    fields: {
      pushEndpoint: ENDPOINT,
      oidcToken: {
        kind: 'object',
        fields: { serviceAccountEmail: required(TEXT), audience: TEXT },
      },
      attributes: WITHOUT_EFFECT,
    },
  },
  ackDeadlineSeconds: wholeOrDefault(10, 600),
  retryPolicy: { kind: 'object', fields: { minimumBackoff: BACKOFF, maximumBackoff: BACKOFF } },
  deadLetterPolicy: {
    kind: 'object',
    fields: { deadLetterTopic: required(TOPIC), maxDeliveryAttempts: wholeOrDefault(5, 100) },
  },
  enableMessageOrdering: FLAG,
  enableExactlyOnceDelivery: FLAG,
  labels: WITHOUT_EFFECT,
  messageRetentionDuration: WITHOUT_EFFECT,
  retainAckedMessages: WITHOUT_EFFECT,
  expirationPolicy: WITHOUT_EFFECT,
  local: {
    kind: 'object',
    fields: {
      form: FORM,
      duplicates: {
        kind: 'object',
        fields: { rate: required(SHARE), otherPublishTimeShare: SHARE, afterMs: DELAY },
      },
      initialWindow: WINDOW,
    },
  },
}

/** Judges the settings of a new subscription. */
export function judgeSettings(
  given: unknown,
  hasTopic: (name: string) => boolean,
): SettingsJudgement {
  if (!isOfSubscription(given)) return invalid(findFault(given) ?? '')
  const deadLetterTopic = given.deadLetterPolicy?.deadLetterTopic
  if (deadLetterTopic === given.topic) {
    return invalid('deadLetterPolicy.deadLetterTopic must be another topic than topic.')
  }
  const { minimumBackoffMs = 0, maximumBackoffMs = 0 } = retryPolicyOf(given) ?? {}
  if (minimumBackoffMs > maximumBackoffMs) {
    return invalid('retryPolicy.maximumBackoff must not be less than minimumBackoff.')
  }
  const named = [given.topic, ...(deadLetterTopic === undefined ? [] : [deadLetterTopic])]
  const missing = named.find((topic) => !hasTopic(topic))
  if (missing !== undefined) return notFound(missing)
  if (!isOfPush(given)) return { kind: 'pull', settings: given }
  if (given.enableExactlyOnceDelivery) {
    return invalid('enableExactlyOnceDelivery is not supported for push subscriptions.')
  }
  return { kind: 'push', settings: given }
}

type GivenSettings = PullSettings & Partial<Pick<SubscriptionSettings, 'pushConfig'>>

function isOfSubscription(given: unknown): given is GivenSettings {
  return findFault(given) === undefined
}

function isOfPush(given: GivenSettings): given is PullSettings & SubscriptionSettings {
  return Boolean(given.pushConfig?.pushEndpoint)
}

function findFault(given: unknown): string | undefined {
  return shapeFault(given, SUBSCRIPTION, 'subscription')
}

function wholeOrDefault(least: number, most: number): FieldRule {
  return {
    kind: 'value',
    holds: (value) => value === 0 || (Number.isInteger(value) && isWithin(value, least, most)),
    says: `a whole number from ${least} to ${most}, or 0 for the default`,
  }
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && value >= least && value <= most
}
