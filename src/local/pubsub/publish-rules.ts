import { invalid, type Refusal } from './refusal.ts'

/** A message as a topic keeps it. */
export interface TopicMessage {
  readonly messageId: string
  /** RFC 3339, UTC. */
  readonly publishTime: string
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey?: string
}

/** A message as it is published. */
export type NewMessage = Omit<TopicMessage, 'messageId' | 'publishTime'>

// cloud.google.com/pubsub/quotas#resource_limits
const MAX_REQUEST_BYTES = 10_000_000
const MAX_MESSAGES = 1_000
const MAX_ATTRIBUTES = 100
const MAX_KEY_BYTES = 256
const MAX_VALUE_BYTES = 1_024
const MAX_ORDERING_KEY_BYTES = 1_024

/** The messages of a publish request, or the reason why Google would refuse it. */
export type Judgement = Readonly<{ kind: 'taken'; messages: readonly NewMessage[] } | Refusal>

/** Judges the body of a publish request. One bad message refuses the request. */
export function judgePublish(body: Buffer): Judgement {
  if (body.length > MAX_REQUEST_BYTES) {
    return invalid(`The request_size is too large: the maximum is ${MAX_REQUEST_BYTES}.`)
  }
  const given = parseMessages(body.toString('utf8'))
  if (given === undefined) return invalid('Invalid JSON payload received.')
  if (given.length === 0) return invalid('The value for message_count is too small.')
  if (given.length > MAX_MESSAGES) {
    return invalid(`The value for message_count is too large: the maximum is ${MAX_MESSAGES}.`)
  }
  const fault = given.map(findFault).find((one) => one !== undefined)
  if (fault !== undefined) return invalid(fault)
  return { kind: 'taken', messages: given.map(newMessage) }
}

interface Given {
  readonly data: unknown
  readonly attributes: readonly (readonly [string, unknown])[]
  readonly orderingKey: unknown
}

function findFault({ data, attributes, orderingKey }: Given): string | undefined {
  if (typeof data !== 'string' || !isBase64(data)) return 'Base64 decoding failed.'
  if (data === '' && attributes.length === 0) return 'Some messages are empty'
  if (attributes.length > MAX_ATTRIBUTES) return 'A message has too many attributes.'
  if (!isOrderingKey(orderingKey)) return 'The ordering key is invalid.'
  return attributes.map(attributeFault).find((one) => one !== undefined)
}

function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text
}

function isOrderingKey(given: unknown): boolean {
  return typeof given === 'string' && Buffer.byteLength(given) <= MAX_ORDERING_KEY_BYTES
}

function attributeFault([key, value]: readonly [string, unknown]): string | undefined {
  if (typeof value !== 'string') return 'An attribute is not a string.'
  if (!key.isWellFormed() || !value.isWellFormed()) return 'An attribute is not valid UTF-8.'
  if (key === '' || Buffer.byteLength(key) > MAX_KEY_BYTES) return 'An attribute key is invalid.'
  if (/^goog/i.test(key)) return 'An attribute key begins with "goog", which is reserved.'
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) return 'An attribute value is too long.'
  return undefined
}

function newMessage({ data, attributes, orderingKey }: Given): NewMessage {
  const texts = attributes.map(([key, value]) => [key, String(value)])
  return {
    data: Buffer.from(String(data), 'base64'),
    attributes: Object.fromEntries(texts),
    ...(orderingKey !== '' && { orderingKey: String(orderingKey) }),
  }
}

function parseMessages(text: string): readonly Given[] | undefined {
  try {
    const { messages } = JSON.parse(text)
    return messages.map(({ data = '', attributes = {}, orderingKey = '' }) => {
      return { data, attributes: Object.entries(attributes), orderingKey }
    })
  } catch {
    return undefined
  }
}
