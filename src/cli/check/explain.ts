import { type ParsedEvent, withProperties } from '../../lib/json/text.ts'
import type { PreparedEvent } from '../../model/event.ts'
import { ownIdOf } from '../../prepare/insert-id.ts'
import type { CheckedEvent } from './check-lines.ts'
import type { ExplainedEvent } from './finding.ts'

/**
 * Returns the texts of an event on its path: in the file, after the transform, and as it would be
 * sent. An insert id that the service derives depends on the message, which is not published yet:
 * it reads `derived`.
 */
export function textsOf({
  line,
  candidate,
  step,
}: CheckedEvent): Pick<ExplainedEvent, 'input' | 'made' | 'sent'> {
  const made = candidate !== undefined && candidate.text !== line?.text ? candidate.text : undefined
  return {
    ...(line !== undefined && { input: line.text }),
    ...(made !== undefined && { made }),
    ...(step.kind === 'prepared' && { sent: sentText(step, candidate?.text ?? '') }),
  }
}

function sentText({ text }: PreparedEvent, givenText: string): string {
  const event: ParsedEvent = JSON.parse(text)
  const given: ParsedEvent = JSON.parse(givenText)
  const isOwn = ownIdOf(given.properties.$insert_id, givenText) !== undefined
  return isOwn ? text : withProperties(text, event, { $insert_id: '"derived"' })
}
