import { type Judgement, judgePublish } from './publish-rules.ts'
import { invalid, type Refusal } from './refusal.ts'

/** One call of the REST API (cloud.google.com/pubsub/docs/reference/rest). */
export type RestCall = Readonly<
  | { kind: 'publish'; name: string; judgement: Judgement }
  | { kind: 'test_permissions'; name: string; asked: unknown }
  | { kind: 'show_topic' | 'create_topic' | 'show_subscription'; name: string }
  | { kind: 'create_subscription'; name: string; settings: unknown }
  | { kind: 'pull'; name: string; maxMessages: number }
  | { kind: 'acknowledge'; name: string; ackIds: readonly string[] }
  | { kind: 'modify_ack_deadline'; name: string; ackIds: readonly string[]; seconds: number }
  | Refusal
>

/** The largest request about ack ids (cloud.google.com/pubsub/quotas#resource_limits). */
const MOST_ACK_BYTES = 524_288

/** @param path of the URL, with its percent escapes decoded */
export function parseRestCall(method: string, path: string, body: Buffer): RestCall {
  const [, name = '', collection = '', action = ''] =
    /^\/v1\/(projects\/[^/]+\/(topics|subscriptions)\/[^/:]+)(?::(\w+))?$/.exec(path) ?? []
  switch (`${method} ${collection}${action && `:${action}`}`) {
    case 'PUT topics':
      return { kind: 'create_topic', name }
    case 'GET topics':
      return { kind: 'show_topic', name }
    case 'POST topics:publish':
      return { kind: 'publish', name, judgement: judgePublish(body) }
    case 'POST topics:testIamPermissions':
      return withJson(body, (asked) => ({ kind: 'test_permissions', name, asked }))
    case 'PUT subscriptions':
      return withJson(body, (settings) => ({ kind: 'create_subscription', name, settings }))
    case 'GET subscriptions':
      return { kind: 'show_subscription', name }
    case 'POST subscriptions:pull':
      return withJson(body, (given) => parsePull(name, given))
    case 'POST subscriptions:acknowledge':
      return withJson(body, (given) => {
        const parsed = parseAckIds(body, given)
        return 'kind' in parsed ? parsed : { kind: 'acknowledge', name, ...parsed }
      })
    case 'POST subscriptions:modifyAckDeadline':
      return withJson(body, (given) => parseDeadline(name, body, given))
    default:
      return noSuchMethod(`${method} ${path}`)
  }
}

function withJson(body: Buffer, callWith: (given: unknown) => RestCall): RestCall {
  try {
    return callWith(JSON.parse(body.toString('utf8')))
  } catch {
    return invalid('Invalid JSON payload received.')
  }
}

function parsePull(name: string, given: unknown): RestCall {
  const { maxMessages }: { maxMessages?: unknown } = Object(given)
  if (typeof maxMessages === 'number' && Number.isInteger(maxMessages) && maxMessages > 0) {
    return { kind: 'pull', name, maxMessages }
  }
  return invalid('The value for max_messages is too small: the minimum is 1.')
}

function parseDeadline(name: string, body: Buffer, given: unknown): RestCall {
  const { ackDeadlineSeconds: seconds }: { ackDeadlineSeconds?: unknown } = Object(given)
  const parsed = parseAckIds(body, given)
  if ('kind' in parsed) return parsed
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 && seconds <= 600) {
    return { kind: 'modify_ack_deadline', name, ...parsed, seconds }
  }
  return invalid('Invalid ack deadline given: it must be from 0 to 600 seconds.')
}

function parseAckIds(
  body: Buffer,
  given: unknown,
): Refusal | { readonly ackIds: readonly string[] } {
  if (body.length > MOST_ACK_BYTES) {
    return invalid(`Request payload size exceeds the limit: ${MOST_ACK_BYTES} bytes.`)
  }
  const { ackIds }: { ackIds?: unknown } = Object(given)
  const texts = Array.isArray(ackIds) ? ackIds.filter((one) => typeof one === 'string') : []
  if (Array.isArray(ackIds) && texts.length === ackIds.length && texts.length > 0) {
    return { ackIds: texts }
  }
  return invalid('No ack ids specified.')
}

function noSuchMethod(route: string): Refusal {
  const message = `This stand-in does not know ${route}.`
  return { kind: 'refused', code: 404, status: 'NOT_FOUND', message }
}
