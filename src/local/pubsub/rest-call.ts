import { type Judgement, judgePublish } from './publish-rules.ts'
import { invalid, type Refusal } from './refusal.ts'

/** One call of the REST API (cloud.google.com/pubsub/docs/reference/rest). */
export type RestCall = Readonly<
  | { kind: 'publish'; name: string; judgement: Judgement }
  | { kind: 'test_permissions'; name: string; asked: unknown }
  | { kind: 'show_topic' | 'create_topic' | 'show_subscription'; name: string }
  | { kind: 'create_subscription'; name: string; settings: unknown }
  | Refusal
>

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

function noSuchMethod(route: string): Refusal {
  const message = `This stand-in does not know ${route}.`
  return { kind: 'refused', code: 404, status: 'NOT_FOUND', message }
}
