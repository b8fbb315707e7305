import { isAck } from '../push-request.ts'
import type { WorldTime } from '../world-time.ts'
import { deadLetterCopy } from './dead-letter-copy.ts'
import type { Delivery } from './delivery.ts'
import { createDeliveryQueue } from './delivery-queue.ts'
import { drawReturn, otherPublishTimeOf, type ReturnLater } from './duplicates.ts'
import { createOrderingKeys, NO_ORDER } from './ordering-keys.ts'
import type { TopicMessage } from './publish-rules.ts'
import { createPushBackoff } from './push-backoff.ts'
import { createPushSender } from './push-sender.ts'
import { createPushCounters, type PushResult } from './push-stats.ts'
import type { PushSubscription, SubscriptionObserver } from './push-subscription.ts'
import type { TokenSource } from './push-tokens.ts'
import { createPushWindow } from './push-window.ts'
import { redeliveryDelayMs } from './retry-policy.ts'
import {
  ackDeadlineMsOf,
  deadLetterPolicyOf,
  retryPolicyOf,
  type SubscriptionSettings,
} from './subscription-settings.ts'
import type { Topics } from './topics.ts'

export interface SubscriptionDeps {
  readonly time: WorldTime
  /** In [0, 1). */
  readonly random: () => number
  readonly topics: Pick<Topics, 'publish'>
  readonly token?: TokenSource | undefined
  readonly observer?: SubscriptionObserver | undefined
}

/** A push subscription, as the stand-in it belongs to uses it. */
export interface Subscription extends PushSubscription {
  receive(messages: readonly TopicMessage[]): void
  /** Sends no more pushes, closes all connections and ignores their results. */
  close(): void
}

/** Creates a subscription, which pushes a received message at once, in its own microtask. */
export function createSubscription(
  name: string,
  settings: SubscriptionSettings,
  deps: SubscriptionDeps,
): Subscription {
  const { time, random, observer = {} } = deps
  const ackDeadlineMs = ackDeadlineMsOf(settings)
  const retryPolicy = retryPolicyOf(settings)
  const deadLetterPolicy = deadLetterPolicyOf(settings)
  const queue = createDeliveryQueue()
  const keys = settings.enableMessageOrdering ? createOrderingKeys(() => void backlog++) : NO_ORDER
  const pushWindow = createPushWindow(settings.local?.initialWindow)
  const backoff = createPushBackoff(time.now)
  const sender = createPushSender(name, settings, { now: time.now, token: deps.token, random })
  const counters = createPushCounters()
  let state: 'delivering' | 'paused' | 'closed' = 'delivering'
  let outstanding = 0
  let backlog = 0
  let cancelWakeUp = (): void => {}

  return {
    name,
    receive,
    pause: () => changeTo('paused'),
    resume: () => changeTo('delivering'),
    close,
    outstanding: () => outstanding,
    backlog: () => backlog,
    window: pushWindow.size,
    backoffMs: backoff.delayMs,
    setEndpoints: sender.setEndpoints,
    renewToken: sender.renewToken,
    settings: currentSettings,
    stats: counters.snapshot,
  }

  function receive(messages: readonly TopicMessage[]): void {
    backlog += messages.length
    for (const message of messages) {
      const delivery: Delivery = { message, kind: 'first', nacks: 0 }
      if (keys.admit(delivery)) queue.add(delivery)
    }
    queueMicrotask(pushWhatMayGo)
  }

  function changeTo(next: 'delivering' | 'paused'): void {
    if (state === 'closed') return
    state = next
    pushWhatMayGo()
  }

  function close(): void {
    state = 'closed'
    cancelWakeUp()
    sender.close()
  }

  function currentSettings(): SubscriptionSettings {
    const pushConfig = { ...settings.pushConfig, pushEndpoint: sender.endpoint() }
    return { ...settings, pushConfig }
  }

  function pushWhatMayGo(): void {
    while (state === 'delivering' && outstanding < pushWindow.size()) {
      const pausedMs = backoff.pausedUntil() - time.now()
      if (pausedMs > 0) {
        cancelWakeUp()
        cancelWakeUp = time.after(pausedMs, pushWhatMayGo)
        return
      }
      const delivery = queue.take()
      if (delivery === undefined) return
      push(delivery)
    }
  }

  function push(delivery: Delivery): void {
    const attempt = delivery.nacks + 1
    outstanding += 1
    counters.pushed(delivery)
    observer.pushed?.(delivery.message, attempt)

    let isAnswered = false
    const cancelDeadline = time.after(ackDeadlineMs, () => settle({ kind: 'deadline' }))
    void sender.send(delivery.message, attempt).then(settle)

    function settle(result: PushResult): void {
      if (isAnswered || state === 'closed') return
      isAnswered = true
      cancelDeadline()
      answered(delivery, result)
    }
  }

  function answered(delivery: Delivery, result: PushResult): void {
    const isAcked = result.kind === 'answered' && isAck(result.status)
    observer.answered?.(delivery.message, result, isAcked)
    outstanding -= 1
    if (isAcked) acked(delivery)
    else nacked(delivery, result)
    pushWhatMayGo()
  }

  function acked(delivery: Delivery): void {
    counters.acked()
    pushWindow.acked()
    backoff.acked()
    backlog -= 1
    if (delivery.kind === 'first') {
      const comesAgain = drawReturn(settings.local?.duplicates, random)
      if (comesAgain.kind !== 'never') pushAgain(delivery, comesAgain)
    }
    addIfAny(keys.acked(delivery))
  }

  function nacked(delivery: Delivery, result: PushResult): void {
    counters.nacked(result)
    pushWindow.nacked()
    backoff.nacked()
    const failed = { ...delivery, nacks: delivery.nacks + 1 }
    if (deadLetterPolicy && failed.nacks >= deadLetterPolicy.maxDeliveryAttempts) {
      forward(failed, deadLetterPolicy.deadLetterTopic)
    } else {
      redeliver(failed)
    }
  }

  function redeliver(delivery: Delivery): void {
    const delayMs = redeliveryDelayMs(retryPolicy, delivery.nacks, random)
    if (delayMs > 0) time.after(delayMs, () => pushInTurn(delivery))
    else queue.add(delivery)
  }

  function pushInTurn(delivery: Delivery): void {
    queue.add(delivery)
    pushWhatMayGo()
  }

  function forward(delivery: Delivery, deadLetterTopic: string): void {
    const { message, nacks } = delivery
    const letter = deadLetterCopy(message, { subscription: name, attempts: nacks })
    const copies = deps.topics.publish(deadLetterTopic, [letter])
    counters.deadLettered()
    backlog -= 1
    for (const copy of copies) observer.forwarded?.(message, copy)
    addIfAny(keys.left(delivery))
  }

  function pushAgain(delivery: Delivery, { kind, afterMs }: ReturnLater): void {
    backlog += 1
    keys.expectDuplicate(delivery)
    time.after(afterMs, () => {
      const { message, nacks } = delivery
      const publishTime = kind === 'retimed' ? otherPublishTimeOf(message, time.now()) : undefined
      const again = publishTime === undefined ? message : { ...message, publishTime }
      counters.duplicated()
      observer.duplicate?.(message, publishTime)
      addIfAny(keys.replay({ message: again, kind: 'duplicate', nacks }))
      pushWhatMayGo()
    })
  }

  function addIfAny(delivery: Delivery | undefined): void {
    if (delivery !== undefined) queue.add(delivery)
  }
}
