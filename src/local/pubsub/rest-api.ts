import type { Answer } from '../answer.ts'
import type { Judgement } from './publish-rules.ts'
import { answerOf, notFound, type Refusal } from './refusal.ts'
import type { RestCall } from './rest-call.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { Topics } from './topics.ts'

export interface RestApiDeps {
  readonly topics: Topics
  readonly subscriptions: Subscriptions
  /** Whether callers may publish. */
  readonly permitted: boolean
}

const PERMISSION_DENIED: Refusal = {
  kind: 'refused',
  code: 403,
  status: 'PERMISSION_DENIED',
  message: 'User not authorized to perform this action.',
}

/** Creates the REST API: carries a call out, and answers as Google does. */
export function createRestApi(deps: RestApiDeps): (call: RestCall) => Answer {
  const { topics, subscriptions, permitted } = deps

  return function answerTo(call: RestCall): Answer {
    switch (call.kind) {
      case 'create_topic':
        return answerOrRefuse(topics.create(call.name), () => topicCalled(call.name))
      case 'show_topic':
        return topicCalled(call.name)
      case 'publish':
        return publish(call.name, call.judgement)
      case 'test_permissions':
        return ok(topics.has(call.name) && permitted ? Object(call.asked) : {})
      case 'create_subscription':
        return answerOrRefuse(subscriptions.create(call.name, call.settings), () =>
          subscriptionCalled(call.name),
        )
      case 'show_subscription':
        return subscriptionCalled(call.name)
      case 'refused':
        return answerOf(call)
    }
  }

  function topicCalled(name: string): Answer {
    return topics.has(name) ? ok({ name }) : answerOf(notFound(name))
  }

  function subscriptionCalled(name: string): Answer {
    const subscription = subscriptions.find(name)
    return subscription ? ok({ name, ...subscription.settings() }) : answerOf(notFound(name))
  }

  function publish(name: string, judgement: Judgement): Answer {
    if (!topics.has(name)) return answerOf(notFound(name))
    if (!permitted) return answerOf(PERMISSION_DENIED)
    if (judgement.kind === 'refused') return answerOf(judgement)
    const messages = topics.publish(name, judgement.messages)
    return ok({ messageIds: messages.map(({ messageId }) => messageId) })
  }
}

function answerOrRefuse(refusal: Refusal | undefined, answer: () => Answer): Answer {
  return refusal ? answerOf(refusal) : answer()
}

function ok(body: object): Answer {
  return { status: 200, body }
}
