import { numberText } from './frame/count-text.ts'
import type { Colour } from './frame/paint.ts'
import { visibleText } from './frame/visible-text.ts'

/** An event of a local world, for its feed. It holds nothing of the content of events. */
export type FeedEvent = Readonly<
  | { kind: 'published'; messageId: string; bytes: number }
  | ({ kind: 'delivered'; messageId: string } & Delivered)
  | { kind: 'dead_letter'; id: string; reason: string; field?: string; detail: string }
  | { kind: 'switched'; what: string; to: string }
>

/** One delivery of a message, and its result. */
export interface Delivered {
  /** A status, `no answer` or `deadline`. */
  readonly answer: string
  readonly settlement: 'ack' | 'nack'
  /** The code of the problem in the answer, which says why: `MIXPANEL_UNAVAILABLE`. */
  readonly code?: string
  /** From 1: one more than the nacks before. */
  readonly attempt: number
  /** `duplicate` when it was acked before. */
  readonly again: 'first' | 'redelivery' | 'duplicate'
  readonly tookMs: number
}

/** An id has sixteen digits in the local Pub/Sub; a dead letter's also has a line and a child. */
const ID_WIDTH = 18

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string

export const PLAIN: Paint = (_colour, text) => text

/** Makes one line, without its time. Lines of one kind have aligned columns. */
export function eventLine(event: FeedEvent, paint: Paint = PLAIN): string {
  switch (event.kind) {
    case 'published':
      return `published    ${event.messageId.padEnd(ID_WIDTH)}  ${numberText(event.bytes)} bytes`
    case 'delivered':
      return `delivered    ${event.messageId.padEnd(ID_WIDTH)}  ${deliveryText(event, paint)}`
    case 'dead_letter':
      return paint(
        'yellow',
        visibleText(`dead letter  ${event.id.padEnd(ID_WIDTH)}  ${letterText(event)}`),
      )
    case 'switched':
      return visibleText(`switched     ${event.what}: ${event.to}`)
  }
}

/** Returns the group in which an event is counted when it is not printed. */
export function eventGroup(event: FeedEvent): string {
  switch (event.kind) {
    case 'delivered':
      return `${event.settlement}ed`
    case 'dead_letter':
      return 'dead-lettered'
    default:
      return event.kind
  }
}

function deliveryText(delivered: Delivered, paint: Paint): string {
  const { answer, settlement, attempt, tookMs, again, code = '' } = delivered
  const result = `${answer} ${settlement}`.padEnd(14)
  const took = `${numberText(Math.round(tookMs))} ms`.padStart(9)
  const more = [again === 'first' ? '' : again, code].filter(Boolean).join('  ')
  const colour = settlement === 'ack' ? 'green' : 'red'
  return `${paint(colour, result)} attempt ${String(attempt).padEnd(2)} ${took}  ${more}`.trimEnd()
}

function letterText({ reason, field, detail }: FeedEvent & { kind: 'dead_letter' }): string {
  return `${reason}${field === undefined ? '' : ` at ${field}`}: ${detail}`
}
