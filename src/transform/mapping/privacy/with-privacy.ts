import type { Candidate } from '../../../model/event.ts'
import { rejected } from '../../../model/outcome.ts'
import type { CountRule } from '../../../model/rule-effect.ts'
import type { Transform } from '../../transform.ts'
import type { Privacy } from './compile-privacy.ts'

/**
 * The outcome of a message that says it holds an event of a mapping. Anybody could publish one, and
 * its event would go to Mixpanel as it is.
 */
const NOT_TRUSTED = rejected(
  'invalid_event',
  'the message says that its event is mapped already, and the mapping has a privacy section: ' +
    'send the letter with `pubsub-mixpanel dead-letters replay`',
)

/** Applies a privacy section to every event that a transform makes, however it makes it. */
export function withPrivacy(transform: Transform, privacy: Privacy): Transform {
  const redacting: Transform = (value, line, message, count) => {
    if (message.replay?.isMapped) return NOT_TRUSTED
    const made = transform(value, line, message, count)
    return 'kind' in made ? made : made.map((candidate) => redact(candidate, privacy, count))
  }
  return Object.assign(redacting, { redaction: privacy })
}

function redact(
  candidate: Candidate,
  privacy: Pick<Privacy, 'redactEvent'>,
  count: CountRule | undefined,
): Candidate {
  const { text: unredacted, value: before, line, child } = candidate
  const text = privacy.redactEvent(unredacted, count)
  const value: unknown = text === unredacted ? before : JSON.parse(text)
  return { line, child, text, value, stage: 'mapped', unredacted }
}
