import type { NewMessage, TopicMessage } from './publish-rules.ts'
import { alreadyExists, invalid, type Refusal } from './refusal.ts'
import { isNewName } from './resource-names.ts'

/** The first whole number that JSON numbers round: an id parsed as a number becomes another id. */
const FIRST_MESSAGE_ID = 2n ** 53n + 100_001n

/** Called with the messages published to a topic, before any of them is pushed. */
export type PublishObserver = (topic: string, messages: readonly TopicMessage[]) => void

/** Called with the messages of a topic. */
export type Subscriber = (messages: readonly TopicMessage[]) => void

export interface Topics {
  create(name: string): Refusal | undefined
  has(name: string): boolean
  subscribe(name: string, subscriber: Subscriber): void
  /**
   * Hands the messages to each subscription of the topic, all with the present time as publish
   * time. Throws when there is no such topic.
   */
  publish(name: string, messages: readonly NewMessage[]): readonly TopicMessage[]
  /** The messages published while the topic had no subscription. Pub/Sub would drop them. */
  unclaimed(name: string): readonly TopicMessage[]
}

interface Topic {
  readonly subscribers: Subscriber[]
  readonly unclaimed: TopicMessage[]
}

/** Creates an empty set of topics. Message ids are unique among all of them. */
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
