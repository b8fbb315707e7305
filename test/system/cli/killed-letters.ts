import type { DeadLetter } from '../../../src/model/dead-letter.ts'

/** The number of times that a replay is killed. */
export const KILLS = 20
/** Half of the rate. The ends of these letters are recorded before more are sent. */
export const RATE = 200
export const WINDOW = RATE / 2
const PUBLISHED = '2026-01-01T00:00:00.000Z'

/** A transform that makes an event of each item of a line. */
export const TRANSFORM = `export default ({ items }) => items.map((name) => {
  if (name.startsWith('bad') || name.startsWith('hopeless')) throw new Error('an item is bad')
  return { event: name, properties: { distinct_id: 'u' } }
})`
/** A fix that mends bad items, but not hopeless ones. */
export const FIX =
  "export default ({ items }) => ({ items: items.map((one) => one.replace('bad', 'mended')) })"

/** Makes letters. Every fifth is the second of three children of its line. */
export function letters(count: number): readonly DeadLetter[] {
  return Array.from({ length: count }, (_, at) => {
    const line = (at % 10) + 1
    const messageId = String(1_000 + Math.floor(at / 10))
    const isChild = at % 5 === 0
    const items = isChild ? [`a${at}`, `b${at}`, `c${at}`] : [`bad${at}`]
    return {
      ...aLetter(`${messageId}-${line}${isChild ? '-2' : ''}`, items),
      reason: isChild ? 'refused_by_mixpanel' : 'transform_failed',
      line,
      ...(isChild && { child: 2, children: 3, insertId: `child-${at}`, time: 1_767_000_000_000 }),
      message: aMessage(messageId),
    }
  })
}

/** Makes letters of one line whose event can never be sent. */
export function hopelessLetters(count: number): readonly DeadLetter[] {
  return Array.from({ length: count }, (_, at) => {
    const messageId = String(900_000 + at)
    return { ...aLetter(`${messageId}-1`, [`hopeless${at}`]), message: aMessage(messageId) }
  })
}

function aLetter(id: string, items: readonly string[]): Omit<DeadLetter, 'message'> {
  return {
    id,
    deadLetteredAt: PUBLISHED,
    reason: 'transform_failed',
    detail: 'an item is bad',
    event: JSON.stringify({ items }),
    stage: 'published',
    line: 1,
    replays: 0,
  }
}

function aMessage(messageId: string): DeadLetter['message'] {
  return {
    messageId,
    publishTime: PUBLISHED,
    subscription: 'projects/p/subscriptions/s',
    attributes: {},
  }
}
