import {
  createPubsubClient,
  type PubsubAnswer,
  type PubsubClient,
  type PubsubClientOptions,
} from './pubsub-client.ts'

export interface TopicClient extends Pick<PubsubClient, 'describe' | 'close'> {
  /** Sends `POST …:publish` with this JSON. Like the others, it never rejects. */
  publish(json: string): Promise<PubsubAnswer>
  /** Asks which of the named permissions the credentials have on the topic. */
  testPermissions(permissions: readonly string[]): Promise<PubsubAnswer>
}

/** The most bytes of an answer. A thousand message ids have 25 KB. */
const MAX_ANSWER_BYTES = 262_144

/** Makes a client for one topic. Asking for the topic itself takes more rights than publishing. */
export function createTopicClient(
  options: Omit<PubsubClientOptions, 'maxAnswerBytes'>,
  deps: Parameters<typeof createPubsubClient>[1],
): TopicClient {
  const client = createPubsubClient({ ...options, maxAnswerBytes: MAX_ANSWER_BYTES }, deps)

  return {
    publish: (json) => client.post('publish', json),
    testPermissions: (permissions) =>
      client.post('testIamPermissions', JSON.stringify({ permissions })),
    describe: client.describe,
    close: client.close,
  }
}
