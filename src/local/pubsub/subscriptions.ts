import { createPullSubscription, type PullSubscription } from './pull-subscription.ts'
import type { SubscriptionObserver } from './push-subscription.ts'
import { alreadyExists, invalid, type Refusal } from './refusal.ts'
import { isNewName } from './resource-names.ts'
import { createSubscription, type Subscription, type SubscriptionDeps } from './subscription.ts'
import { judgeSettings } from './subscription-rules.ts'
import type { PullSettings, SubscriptionSettings } from './subscription-settings.ts'
import type { Topics } from './topics.ts'

export interface SubscriptionsDeps extends Omit<SubscriptionDeps, 'observer' | 'topics'> {
  readonly topics: Topics
}

export interface Subscriptions {
  /** Creates a subscription from unchecked settings; returns the refusal, if any. */
  create(name: string, settings: unknown, observer?: SubscriptionObserver): Refusal | undefined
  /** Returns a push subscription. */
  find(name: string): Subscription | undefined
  findPull(name: string): PullSubscription | undefined
  all(): readonly (Subscription | PullSubscription)[]
  close(): void
}

/** Creates an empty set of subscriptions. */
export function createSubscriptions(deps: SubscriptionsDeps): Subscriptions {
  const subscriptions = new Map<string, Subscription>()
  const pulled = new Map<string, ReturnType<typeof createPullSubscription>>()

  return {
    create,
    find: (name) => subscriptions.get(name),
    findPull: (name) => pulled.get(name),
    all: () => [...subscriptions.values(), ...pulled.values()],
    close() {
      for (const one of [...subscriptions.values(), ...pulled.values()]) one.close()
    },
  }

  function create(
    name: string,
    given: unknown,
    observer?: SubscriptionObserver,
  ): Refusal | undefined {
    if (subscriptions.has(name) || pulled.has(name)) return alreadyExists(name)
    if (!isNewName(name, 'subscriptions')) {
      return invalid(`Invalid [subscriptions] name: (name=${name})`)
    }
    const judgement = judgeSettings(given, deps.topics.has)
    if (judgement.kind === 'refused') return judgement
    if (judgement.kind === 'pull') return void addPull(name, judgement.settings)
    if (judgement.settings.pushConfig.oidcToken && !deps.token) {
      return invalid('pushConfig.oidcToken: this stand-in has no issuer to sign tokens.')
    }
    add(name, judgement.settings, observer)
    return undefined
  }

  function add(name: string, settings: SubscriptionSettings, observer?: SubscriptionObserver) {
    const subscription = createSubscription(name, settings, { ...deps, observer })
    subscriptions.set(name, subscription)
    deps.topics.subscribe(settings.topic, subscription.receive)
  }

  function addPull(name: string, settings: PullSettings): void {
    const subscription = createPullSubscription(name, settings, deps)
    pulled.set(name, subscription)
    deps.topics.subscribe(settings.topic, subscription.receive)
  }
}
