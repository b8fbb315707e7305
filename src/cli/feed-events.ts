import type { Clock } from '../lib/clock.ts'
import type { StandInSettings } from '../local/mixpanel/control-route.ts'
import { FAVOURED } from '../local/mixpanel/switches.ts'
import type { TopicMessage } from '../local/pubsub/publish-rules.ts'
import type { PushResult } from '../local/pubsub/push-stats.ts'
import type { SubscriptionObserver } from '../local/pubsub/push-subscription.ts'
import { LOCAL_DEAD_LETTER_TOPIC } from '../local/pubsub-stand-in.ts'
import type { DeadLetter } from '../model/dead-letter.ts'
import { LETTER_PREFIX, type LetterAttribute } from '../model/letter-attributes.ts'
import type { FeedEvent } from './event-line.ts'
import { countText } from './frame/count-text.ts'
import type { WorldWatch } from './local-world.ts'

export interface FeedEventsDeps {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly report: (event: FeedEvent) => void
}

/** The callbacks for what the feed tells of. */
export type FeedWatch = Required<Omit<WorldWatch, 'logged'>>

const AT_FIRST: StandInSettings = {
  switches: FAVOURED,
  faults: { next: [], always: 'normally' },
  quota: 'unlimited',
}

/** Makes callbacks that watch a local world, and report what happens in it as events of the feed. */
export function createFeedEvents({ clock, report }: FeedEventsDeps): FeedWatch {
  let settings = describeSettings(AT_FIRST)

  return {
    published(topic, messages) {
      const eventOf = topic === LOCAL_DEAD_LETTER_TOPIC ? topicLetterEvent : publishedEvent
      for (const message of messages) report(eventOf(message))
    },
    deliveries: createDeliveryEvents({ clock, report }),
    controlled(changed) {
      const now = describeSettings(changed)
      for (const [what, to] of Object.entries(now)) {
        if (settings[what] !== to) report({ kind: 'switched', what, to })
      }
      settings = now
    },
  }
}

function createDeliveryEvents({ clock, report }: FeedEventsDeps): SubscriptionObserver {
  const underWay = new Map<string, { readonly attempt: number; readonly pushedAt: number }>()
  const duplicates = new Set<string>()

  return {
    pushed({ messageId }, attempt) {
      underWay.set(messageId, { attempt, pushedAt: clock.monotonic() })
    },
    duplicate: ({ messageId }) => void duplicates.add(messageId),
    answered({ messageId }, result, isAcked) {
      const { attempt = 1, pushedAt = clock.monotonic() } = underWay.get(messageId) ?? {}
      const again = attempt > 1 ? 'redelivery' : 'first'
      report({
        kind: 'delivered',
        messageId,
        answer: answerText(result),
        settlement: isAcked ? 'ack' : 'nack',
        attempt,
        again: duplicates.has(messageId) ? 'duplicate' : again,
        tookMs: clock.monotonic() - pushedAt,
        ...(result.kind === 'answered' && result.code !== undefined && { code: result.code }),
      })
      underWay.delete(messageId)
      if (isAcked) duplicates.delete(messageId)
    },
  }
}

function publishedEvent({ messageId, data }: TopicMessage): FeedEvent {
  return { kind: 'published', messageId, bytes: data.length }
}

/** Makes the event of a message in the letters' topic. Any other message has no reason. */
function topicLetterEvent({ messageId, attributes }: TopicMessage): FeedEvent {
  const of = (name: LetterAttribute): string | undefined => attributes[`${LETTER_PREFIX}${name}`]
  const field = of('field')
  return {
    kind: 'dead_letter',
    id: of('id') ?? messageId,
    reason: of('reason') ?? 'no reason',
    detail: of('detail') ?? '',
    ...(field !== undefined && { field }),
  }
}

/** Makes the event of a dead letter, with its reason and without its event. */
export function letterEvent({ id, reason, field, detail }: DeadLetter): FeedEvent {
  return { kind: 'dead_letter', id, reason, detail, ...(field !== undefined && { field }) }
}

function answerText(result: PushResult): string {
  if (result.kind === 'answered') return String(result.status)
  return result.kind === 'no_answer' ? 'no answer' : 'deadline'
}

/** The present value of each setting, by name. */
function describeSettings({
  switches,
  faults,
  quota,
}: StandInSettings): Readonly<Record<string, string>> {
  return {
    faults: faultsText(faults),
    quota: quota === 'unlimited' ? quota : JSON.stringify(quota),
    ...Object.fromEntries(
      Object.entries(switches).map(([name, value]) => [name, JSON.stringify(value)]),
    ),
  }
}

function faultsText({ next, always }: StandInSettings['faults']): string {
  const steps = next.map(
    ({ behaviour, times }) => `${JSON.stringify(behaviour)} ${countText(times, 'time')}`,
  )
  const rest = always === 'normally' ? 'none' : JSON.stringify(always)
  return [...steps, rest].join(', then ')
}
