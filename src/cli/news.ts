/** What happens in a local world, as far as it is told: nothing of what events hold. */
export type News = Readonly<
  | { kind: 'published'; messageId: string; bytes: number }
  | ({ kind: 'delivered'; messageId: string } & Delivered)
  | { kind: 'dead_letter'; id: string; reason: string; field?: string; detail: string }
  | { kind: 'switched'; what: string; to: string }
>

/** One delivery of a message, and what came of it. */
export interface Delivered {
  /** A status, `no answer` or `deadline`. */
  readonly answer: string
  readonly settlement: 'ack' | 'nack'
  /** From 1: one more than the nacks so far. */
  readonly attempt: number
  /** `duplicate` when it was acked before. */
  readonly again: 'first' | 'redelivery' | 'duplicate'
  readonly tookMs: number
}

/** Sixteen digits in the local Pub/Sub; the line and child of a dead letter come after it. */
const ID_WIDTH = 18

/** One line, without its time; columns of one kind lie below each other. */
export function newsLine(news: News): string {
  switch (news.kind) {
    case 'published':
      return `published    ${news.messageId.padEnd(ID_WIDTH)}  ${counted(news.bytes)} bytes`
    case 'delivered':
      return `delivered    ${news.messageId.padEnd(ID_WIDTH)}  ${deliveryText(news)}`
    case 'dead_letter':
      return bare(`dead letter  ${news.id.padEnd(ID_WIDTH)}  ${letterText(news)}`)
    case 'switched':
      return bare(`switched     ${news.what}: ${news.to}`)
  }
}

/** By what a piece of news is counted where it is not told. */
export function newsGroup(news: News): string {
  switch (news.kind) {
    case 'delivered':
      return `${news.settlement}ed`
    case 'dead_letter':
      return 'dead-lettered'
    default:
      return news.kind
  }
}

/** `1,234`, wherever one lives. */
export function counted(count: number): string {
  return count.toLocaleString('en-US')
}

function deliveryText({ answer, settlement, attempt, tookMs, again }: Delivered): string {
  const result = `${answer} ${settlement}`.padEnd(14)
  const took = `${counted(Math.round(tookMs))} ms`.padStart(9)
  return `${result} attempt ${String(attempt).padEnd(2)} ${took}  ${again === 'first' ? '' : again}`.trimEnd()
}

function letterText({ reason, field, detail }: News & { kind: 'dead_letter' }): string {
  return `${reason}${field === undefined ? '' : ` at ${field}`}: ${detail}`
}

/** Ids of pushes made by hand and texts of a transform's errors may hold anything. */
function bare(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
