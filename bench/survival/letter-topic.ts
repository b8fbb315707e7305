import { gunzipSync } from 'node:zlib'
import type { TopicMessage } from '../../src/local/pubsub/publish-rules.ts'
import { LOCAL_DEAD_LETTER_TOPIC, type PubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import { createLetterReader, type Letter, type LetterReader } from './letters.ts'

/** The topic that the service publishes dead letters to. */
export interface LetterTopic extends LetterReader {
  /** The messages in order, including those that hold one part of a letter. */
  messages(): readonly TopicMessage[]
  /** Stores letters, and holds the answers to the service. */
  hold(): void
  /** Whether letters have been stored since `hold`. */
  isHolding(): boolean
  letGo(): void
}

const PREFIX = 'pubsub-mixpanel-'

export function createLetterTopic(pubsub: PubsubStandIn): LetterTopic {
  const { readNew, all } = createLetterReader(readTopic)
  let read = 0
  let storedBefore = 0

  return {
    readNew,
    all,
    messages,
    hold() {
      storedBefore = messages().length
      pubsub.answerAlways({ kind: 'gate' })
    },
    isHolding: () => messages().length > storedBefore,
    letGo: pubsub.release,
  }

  function messages(): readonly TopicMessage[] {
    return pubsub.messages(LOCAL_DEAD_LETTER_TOPIC)
  }

  function readTopic(): readonly Letter[] {
    const fresh = messages().slice(read).map(letterOf)
    read += fresh.length
    return fresh
  }
}

/** The subscription of the message that a letter was written for. */
export function subscriptionOf({ attributes }: TopicMessage): string {
  return attributes[`${PREFIX}subscription`] ?? ''
}

function letterOf(message: TopicMessage): Letter {
  const said = (name: string): string => message.attributes[`${PREFIX}${name}`] ?? ''
  return {
    id: said('id'),
    reason: said('reason'),
    detail: said('detail'),
    subscription: subscriptionOf(message),
    published: readPublished(message.data, said('reason'), said('shortened').split(',')),
  }
}

/** The published text, or base64 of data that is not text. The topic holds such data unchanged. */
function readPublished(data: Buffer, reason: string, shortened: readonly string[]): string {
  if (shortened.includes('data')) return gunzipSync(data).toString()
  return reason === 'unreadable_data' ? data.toString('base64') : data.toString()
}
