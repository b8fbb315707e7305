import type { NewMessage, TopicMessage } from './publish-rules.ts'
import { alreadyExists, invalid, type Refusal } from './refusal.ts'
import { isNewName } from './resource-names.ts'

/** The first whole number that a JSON number rounds: an id read as a number is another id. */
const FIRST_MESSAGE_ID = 2n ** 53n + 100_001n

/** Told of what was published to a topic, before any of it is pushed. */
export type PublishObserver = (topic: string, messages: readonly TopicMessage[]) => void

/** What is done with each message of a topic. */
export type Subscriber = (messages: readonly TopicMessage[]) => void

export interface Topics {
  create(name: string): Refusal | undefined
  has(name: string): boolean
  subscribe(name: string, subscriber: Subscriber): void
  /**
   * Hands the messages to each subscription of the topic, all under the present time. Throws when
   * there is no such topic.
   */
  publish(name: string, messages: readonly NewMessage[]): readonly TopicMessage[]
  /** What was published while the topic had no subscription: Pub/Sub would have dropped it. */
  unclaimed(name: string): readonly TopicMessage[]
}

interface Topic {
  readonly subscribers: Subscriber[]
  readonly unclaimed: TopicMessage[]
}

/** No topics yet. Message ids are unique among all of them. */
export function createTopics(now: () => number, published: PublishObserver = () => {}): Topics {
  const topics = new Map<string, Topic>()
  let nextId = FIRST_MESSAGE_ID

  return {
    create(name) {
      if (topics.has(name)) return alreadyExists(name)
      if (!isNewName(name, 'topics')) return invalid(`Invalid [topics] name: (name=${name})`)
      topics.set(name, { subscribers: [], unclaimed: [] })
      return undefined
    },
    has: (name) => topics.has(name),
    subscribe: (name, subscriber) => void topicCalled(name).subscribers.push(subscriber),
    publish(name, given) {
      const { subscribers, unclaimed } = topicCalled(name)
      const publishTime = new Date(now()).toISOString()
      const messages = given.map((message) => {
        return { ...message, messageId: String(nextId++), publishTime }
      })
      published(name, messages)
      if (subscribers.length === 0) for (const message of messages) unclaimed.push(message)
      for (const subscriber of subscribers) subscriber(messages)
      return messages
    },
    unclaimed: (name) => [...topicCalled(name).unclaimed],
  }

  function topicCalled(name: string): Topic {
    const topic = topics.get(name)
    if (topic === undefined) throw new Error(`there is no topic ${name}`)
    return topic
  }
}
