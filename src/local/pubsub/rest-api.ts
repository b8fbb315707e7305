import type { Answer } from '../answer.ts'
import type { Judgement } from './publish-rules.ts'
import type { PullSubscription, ReceivedMessage } from './pull-subscription.ts'
import { answerOf, notFound, type Refusal } from './refusal.ts'
import type { RestCall } from './rest-call.ts'
import type { PullSettings } from './subscription-settings.ts'
import type { Subscriptions } from './subscriptions.ts'
import type { Topics } from './topics.ts'

const NO_PULL: Refusal = {
  kind: 'refused',
  code: 400,
  status: 'FAILED_PRECONDITION',
  message: 'This method is not supported for push subscriptions.',
}

export interface RestApiDeps {
  readonly topics: Topics
  readonly subscriptions: Subscriptions
  /** Whether callers may publish. */
  readonly permitted: boolean
}

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo'

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
      case 'pull':
        return aboutPull(call.name, ({ pull }) => ok(pulledJson(pull(call.maxMessages))))
      case 'acknowledge':
        return aboutPull(call.name, ({ acknowledge, settings }) =>
          ackAnswer(acknowledge(call.ackIds), settings()),
        )
      case 'modify_ack_deadline':
        return aboutPull(call.name, ({ modifyAckDeadline, settings }) =>
          ackAnswer(modifyAckDeadline(call.ackIds, call.seconds), settings()),
        )
      case 'refused':
        return answerOf(call)
    }
  }

  function topicCalled(name: string): Answer {
    return topics.has(name) ? ok({ name }) : answerOf(notFound(name))
  }

  function subscriptionCalled(name: string): Answer {
    const subscription = subscriptions.find(name) ?? subscriptions.findPull(name)
    return subscription ? ok({ name, ...subscription.settings() }) : answerOf(notFound(name))
  }

  function aboutPull(name: string, answer: (subscription: PullSubscription) => Answer): Answer {
    const subscription = subscriptions.findPull(name)
    if (subscription !== undefined) return answer(subscription)
    return answerOf(subscriptions.find(name) === undefined ? notFound(name) : NO_PULL)
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

/** Returns the body of a pull. Like any message of proto3, it leaves out what is empty. */
function pulledJson(received: readonly ReceivedMessage[]): object {
  if (received.length === 0) return {}
  return {
    receivedMessages: received.map(({ message, ...rest }) => {
      const { data, attributes, messageId, publishTime, orderingKey } = message
      return {
        ...rest,
        message: {
          ...(data.length > 0 && { data: data.toString('base64') }),
          ...(Object.keys(attributes).length > 0 && { attributes }),
          messageId,
          publishTime,
          ...(orderingKey !== undefined && { orderingKey }),
        },
      }
    }),
  }
}

/**
 * Answers acks. A lease that has ended fails no request, except under exactly-once delivery, which
 * names the ids (cloud.google.com/pubsub/docs/exactly-once-delivery).
 */
function ackAnswer(late: readonly string[], { enableExactlyOnceDelivery }: PullSettings): Answer {
  if (late.length === 0 || !enableExactlyOnceDelivery) return ok({})
  const message = 'Some acknowledgement ids in the request were invalid.'
  const error = { code: 400, message, status: 'INVALID_ARGUMENT' }
  const reasons = late.map((ackId) => [ackId, 'PERMANENT_FAILURE_INVALID_ACK_ID'])
  const details = [{ '@type': ERROR_INFO, metadata: Object.fromEntries(reasons) }]
  return { status: 400, body: { error: { ...error, details } } }
}

function ok(body: object): Answer {
  return { status: 200, body }
}
