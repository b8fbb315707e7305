import { BAD_ID } from '../../lib/bad-id.ts'
import type { ParsedEvent } from '../../lib/json/text.ts'
import { propertyText } from '../../lib/json/text.ts'
import { momentOf } from '../../lib/moment.ts'
import type { PreparedEvent } from '../../model/event.ts'
import { isLegalInsertId } from '../../prepare/insert-id.ts'
import type { Remark } from './finding.ts'
import { shortened } from './shortened.ts'

/**
 * Returns remarks on an event whose time or insert id is not the one that it names. An event
 * without one of them is not changed, and the same moment in another form is not a change.
 */
export function changeRemarks(
  { properties }: ParsedEvent,
  text: string,
  prepared: PreparedEvent,
): Remark[] {
  const remarks: Remark[] = []
  const own = momentOf(properties.time)
  if (own !== undefined && own !== prepared.time) remarks.push(timeRemark(own, prepared.time))
  const { $insert_id: given } = properties
  if (given === undefined || given === null || given === prepared.insertId) return remarks
  const id = typeof given === 'string' ? given : (propertyText(text, '$insert_id') ?? '')
  if (id !== '' && id !== prepared.insertId) remarks.push(idRemark(id, prepared.insertId))
  return remarks
}

function timeRemark(own: number, ms: number): Remark {
  const detail = `time ${instant(own)} is after the publish time: would be ${instant(ms)}`
  return { kind: 'changed', field: 'properties.time', detail }
}

function idRemark(id: string, insertId: string): Remark {
  const quoted = `$insert_id "${shortened(id)}"`
  return { kind: 'changed', field: 'properties.$insert_id', detail: `${quoted} ${fate()}` }

  function fate(): string {
    if (BAD_ID.test(id)) return 'is a placeholder: would be derived'
    if (!isLegalInsertId(id)) return `is not legal: would be ${insertId}`
    return `is that of an earlier event of its line: would be ${insertId}`
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
