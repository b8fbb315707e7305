import { hashId } from '../lib/digest.ts'
import { propertyText } from '../lib/json-text.ts'
import { isBadId, isLegalInsertId } from './mixpanel-ids.ts'

/**
 * The id that an event gives itself as `$insert_id`, hashed when Mixpanel would not take it so;
 * `undefined` when it gives none, or a placeholder.
 */
export function ownIdOf(given: unknown, eventText: string): string | undefined {
  const id = textOf(given, eventText)
  if (id === '' || isBadId(id)) return undefined
  return isLegalInsertId(id) ? id : hashId(['own', id])
}

/**
 * Children of one line each get an id of their own, whatever id they give: a transform copies the
 * `$insert_id` of its input into all that it makes of it.
 */
export function childIdOf(id: string, child: number): string {
  return child === 0 ? id : hashId(['child', id, child])
}

/** Of what is no string, the raw text: as a value, a large number has lost its last digits. */
function textOf(given: unknown, eventText: string): string {
  if (typeof given === 'string') return given
  if (given === undefined || given === null) return ''
  return propertyText(eventText, '$insert_id') ?? ''
}
