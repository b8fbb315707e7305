import type { Candidate } from '../../../model/event.ts'
import type { CountRule } from '../../../model/rule-effect.ts'
import type { Transform } from '../../transform.ts'
import type { Privacy } from './compile-privacy.ts'

/** Applies a privacy section to every event that a transform makes, however it makes it. */
export function withPrivacy(
  transform: Transform,
  privacy: Pick<Privacy, 'redactEvent'>,
): Transform {
  return function redacting(value, line, message, count) {
    const made = transform(value, line, message, count)
    return 'kind' in made ? made : made.map((candidate) => redact(candidate, privacy, count))
  }
}

function redact(
  candidate: Candidate,
  privacy: Pick<Privacy, 'redactEvent'>,
  count: CountRule | undefined,
): Candidate {
  const text = privacy.redactEvent(candidate.text, count)
  if (text === candidate.text) return candidate
  return { ...candidate, text, value: JSON.parse(text) }
}
