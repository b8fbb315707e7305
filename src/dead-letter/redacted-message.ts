import type { DeadLetterMessage } from '../model/dead-letter.ts'
import type { Message } from '../model/message.ts'
import type { Redaction } from '../model/redaction.ts'
import { withoutData } from './letter-form.ts'
import type { Taken } from './taken.ts'

type Texts = Readonly<Record<string, string>>

/**
 * Returns what a letter tells about its message. Attributes and the ordering key are redacted by their names, by
 * the paths that begin with `**`, and where they hold a value that was taken away from the event.
 */
export function redactedMessage(
  message: Message,
  redaction: Redaction,
  taken: Taken,
): DeadLetterMessage {
  const { orderingKey: given, attributes, ...rest } = withoutData(message)
  const named = redactTexts(
    { ...(given !== undefined && { orderingKey: given }) },
    redaction,
    taken,
  )
  const kept = redactTexts(attributes, redaction, taken)
  const { orderingKey } = withoutTaken(named, taken)
  return {
    ...rest,
    ...(orderingKey !== undefined && { orderingKey }),
    attributes: withoutTaken(kept, taken),
  }
}

function redactTexts(texts: Texts, redaction: Redaction, taken: Taken): Texts {
  const redacted = redaction.redactAnywhere(JSON.stringify(texts), taken.note)
  if (redacted === undefined) throw new TypeError('the JSON of attributes is not read')
  const parsed: Texts = JSON.parse(redacted)
  return parsed
}

function withoutTaken(texts: Texts, taken: Taken): Texts {
  const kept = Object.entries(texts).flatMap(([name, text]) => {
    const left = taken.apply(text)
    return left === undefined ? [] : [[name, left] as const]
  })
  return Object.fromEntries(kept)
}
