/** A piece of news of a local world. It holds nothing of the content of events. */
export type News = Readonly<
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
  /** From 1: one more than the nacks before. */
  readonly attempt: number
  /** `duplicate` when it was acked before. */
  readonly again: 'first' | 'redelivery' | 'duplicate'
  readonly tookMs: number
}

/** An id has sixteen digits in the local Pub/Sub; a dead letter's also has a line and a child. */
const ID_WIDTH = 18

/** Makes one line, without its time. Lines of one kind have aligned columns. */
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

/** The group in which a piece of news is counted when it is not printed. */
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

/** Formats as `1,234`, in every locale. */
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

/** Removes control characters: ids of pushes by hand and a transform's errors may hold any. */
function bare(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ')
}
