import { createPoster, type PushAnswer } from '../http-post.ts'
import { envelopeOf, isUnanswered, pushHeaders } from '../push-request.ts'
import type { TopicMessage } from './publish-rules.ts'
import type { PushResult } from './push-stats.ts'
import { createPushTokens, type TokenSource } from './push-tokens.ts'
import type { SubscriptionSettings } from './subscription-settings.ts'

export interface PushSenderDeps {
  readonly now: () => number
  /** Signs push tokens. Called only when the settings name a service account. */
  readonly token?: TokenSource | undefined
  /** In [0, 1): decides which of several endpoints a push goes to. */
  readonly random: () => number
}

/** Sends the pushes of one subscription. */
export interface PushSender {
  /** Waits for the answer as long as the connection lasts. Rejects when there is no token. */
  send(message: TopicMessage, attempt: number): Promise<PushResult>
  endpoint(): string
  /** Sets whole URLs. Each later push goes to one of them, as a load balancer picks an instance. */
  setEndpoints(first: string, ...others: readonly string[]): void
  /** Signs a new token for the next push. */
  renewToken(): void
  /** Closes all connections; pushes that wait for their answer get none. */
  close(): void
}

/** @param name full name of the subscription */
export function createPushSender(
  name: string,
  settings: SubscriptionSettings,
  deps: PushSenderDeps,
): PushSender {
  const { topic, pushConfig, deadLetterPolicy, local } = settings
  const poster = createPoster()
  const tokens = deps.token && createPushTokens(deps.token, deps.now)
  let endpoint = pushConfig.pushEndpoint
  let instances: readonly string[] = [endpoint]

  return {
    send,
    endpoint: () => endpoint,
    setEndpoints(first, ...others) {
      endpoint = first
      instances = [first, ...others]
    },
    renewToken: () => tokens?.renew(),
    close: poster.close,
  }

  async function send(message: TopicMessage, attempt: number): Promise<PushResult> {
    const counted = deadLetterPolicy ? { ...message, deliveryAttempt: attempt } : message
    const body = JSON.stringify(envelopeOf(counted, name))
    const token = await pushToken()
    const headers = pushHeaders(message, body, { form: local?.form, topic, token })
    try {
      const answer = await poster.post({ endpoint: anyInstance(), body, headers })
      const code = codeIn(answer)
      return { kind: 'answered', status: answer.status, ...(code !== undefined && { code }) }
    } catch (error) {
      if (isUnanswered(error)) return { kind: 'no_answer' }
      throw error
    }
  }

  function anyInstance(): string {
    if (instances.length === 1) return endpoint
    return instances[Math.floor(deps.random() * instances.length)] ?? endpoint
  }

  /** The audience is the endpoint unless the settings name one (REST reference of `oidcToken`). */
  function pushToken(): string | Promise<string> | undefined {
    const { oidcToken } = pushConfig
    if (oidcToken === undefined) return undefined
    const { serviceAccountEmail: email, audience = endpoint } = oidcToken
    return tokens?.tokenFor({ audience, email })
  }
}

/** Returns the member `code` of a problem, in upper case and short, as a stable code is. */
function codeIn({ headers, body }: PushAnswer): string | undefined {
  if (headers['content-type'] !== 'application/problem+json') return undefined
  return /"code":"([A-Z][A-Z\d_]{0,63})"/.exec(body)?.[1]
}
