import { subscribe, subscriptionsOf } from './check-topic.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { GoogleAnswer, GoogleApi } from './google-api.ts'
import { textAt, textsAt } from './json-at.ts'
import { pushFaults } from './push-rules.ts'
import { pathOf } from './resource-name.ts'
import type { Service } from './run-service.ts'
import type { SettingsReader } from './settings.ts'
import { shownUrl } from './shown-url.ts'
import { type Examined, settingFaults } from './subscription-rules.ts'
import { withSettings } from './with-settings.ts'

export interface SubscriptionDeps {
  /** The full name, `projects/P/subscriptions/S`. */
  readonly name: string
  readonly settings: SettingsReader
  readonly google: GoogleApi
  /** The service on Cloud Run; `undefined` when it is not examined. */
  readonly service: Service | undefined
}

/** Checks the settings of the subscription against the configuration of the service. */
export function checkSubscription(
  deps: SubscriptionDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return withSettings(deps.settings, 'push', async (config) => {
    const { name, google, service } = deps
    const answer = await askSubscription(google, name, signal)
    if (answer.kind === 'missing') return [fail(`there is no subscription ${name}`)]
    if (answer.kind !== 'found') return [skip(answer.text)]
    const examined = { name, subscription: answer.value, config, service }
    const faults = [
      ...pushFaults(examined),
      ...settingFaults(examined),
      ...(await policyFaults(examined, google, signal)),
    ]
    if (faults.length > 0) return faults
    const endpoint = textAt(answer.value, 'pushConfig', 'pushEndpoint') ?? ''
    return [ok(`${name} pushes to ${shownUrl(endpoint)}`)]
  })
}

/** Asks for a subscription by its full name. */
export function askSubscription(
  google: Pick<GoogleApi, 'call'>,
  name: string,
  signal: AbortSignal,
): Promise<GoogleAnswer> {
  const path = `/v1/${pathOf(name)}`
  return google.call({ api: 'pubsub', path, permission: 'pubsub.subscriptions.get' }, signal)
}

/** Finds out whether a subscription keeps the messages that a dead-letter policy puts aside. */
async function policyFaults(
  { subscription, config }: Examined,
  google: GoogleApi,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const topic = textAt(subscription, 'deadLetterPolicy', 'deadLetterTopic')
  if (topic === undefined || !topic.startsWith('projects/')) return []
  const kept = await subscriptionsOf(topic, google, signal)
  if (kept.kind === 'missing')
    return [fail(`the topic of its dead-letter policy, ${topic}, does not exist`)]
  if (kept.kind !== 'found' || textsAt(kept.value, 'subscriptions').length > 0) return []
  const text = `the topic of its dead-letter policy, ${topic}, has no subscription: its messages are lost`
  return [
    config.deadLetter.kind === 'subscription'
      ? fail(text, subscribe(topic))
      : warn(text, subscribe(topic)),
  ]
}
