import { gzipSync } from 'node:zlib'
import type { Answer } from '../../local/answer.ts'
import { LOCAL_TOPIC } from '../../local/push-request.ts'
import { memberIn, textIn } from './input.ts'

/** Publishes a message as the page has written it, and returns what Pub/Sub has answered. */
export async function publishMessage(pubsubUrl: string, input: unknown): Promise<Answer> {
  const text = Buffer.from(textIn(input, 'text'))
  const data = memberIn(input, 'gzip') === true ? gzipSync(text) : text
  const message = {
    data: data.toString('base64'),
    attributes: memberIn(input, 'attributes') ?? {},
    orderingKey: textIn(input, 'orderingKey'),
  }
  const answer = await fetch(`${pubsubUrl}/v1/${LOCAL_TOPIC}:publish`, {
    method: 'POST',
    body: JSON.stringify({ messages: [message] }),
  })
  return { status: 200, body: { status: answer.status, text: await answer.text() } }
}
