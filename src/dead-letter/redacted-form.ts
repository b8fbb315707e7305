import { bytesOf } from '../lib/base64.ts'
import type { Message } from '../model/message.ts'
import type { MappedText, RejectedEvent } from '../model/pending-event.ts'
import type { NoteValue } from '../model/redaction.ts'
import {
  type LetterForm,
  type LetterParts,
  publishedContent,
  stageOf,
  withoutData,
} from './letter-form.ts'
import { notStored, type RedactionOptions, redactBytes, redactLine } from './redacted-line.ts'
import { redactedMessage } from './redacted-message.ts'
import { redactedWhole } from './redacted-whole.ts'
import { createTaken } from './taken.ts'

type Content = LetterParts['content']

/**
 * Makes the form of letters under a privacy section. An event that came out of the mapping is
 * stored as it came out. Otherwise its line is stored, with the paths that begin with `**` applied.
 */
export function createRedactedForm(options: RedactionOptions): LetterForm {
  const { redaction, keepsUnparsed } = options

  return { ofEvent, ofMessage: (message, decoded) => redactedWhole(message, decoded, options) }

  function ofEvent(message: Message, { mapped, line, outcome }: RejectedEvent): LetterParts {
    const { detail } = outcome
    if (mapped) {
      const about = aboutMapped(message, mapped)
      return { content: { event: mapped.text }, stage: 'mapped', detail, about }
    }
    const taken = createTaken()
    const published = publishedContent(message, line)
    const content = redactedContent(published, taken.note)
    const parts = { stage: stageOf(message), about: redactedMessage(message, redaction, taken) }
    if (content) return { ...parts, content, detail }
    if (keepsUnparsed) return { ...parts, content: published, detail }
    return { ...parts, content: {}, detail: `${notStored(bytesIn(published))}; ${detail}` }
  }

  function aboutMapped(message: Message, { unredacted }: MappedText): LetterParts['about'] {
    // The letter that is replayed was redacted when it was written. A hash must not be hashed again.
    if (unredacted === undefined) return withoutData(message)
    const taken = createTaken()
    redaction.noteRemoved(unredacted, taken.note)
    return redactedMessage(message, redaction, taken)
  }

  function redactedContent(published: Content, note: NoteValue): Content | undefined {
    const { event, data } = published
    if (event !== undefined) {
      const text = redactLine(event, options, note)
      return text === undefined ? undefined : { event: text }
    }
    if (data === undefined) return published
    const given = bytesOf(data)
    const bytes = redactBytes(given, options, note)
    if (bytes === given) return published
    return bytes && { data: bytes }
  }
}

function bytesIn({ event, data = '' }: Content): Buffer {
  return event === undefined ? bytesOf(data) : Buffer.from(event)
}
