import type { LoggedRequest } from '../../local/mixpanel/request-log.ts'
import type { Row } from '../../local/mixpanel/row-store.ts'
import type { MixpanelStandIn } from '../../local/mixpanel-stand-in.ts'
import type { Explained } from './explain-message.ts'
import { markChanges, type Piece } from './marked-text.ts'
import type { RecentMessage, RecentMessages } from './recent-messages.ts'

/** The latest of what Mixpanel has, with the newest first. */
export interface MixpanelView {
  readonly rows: readonly RowView[]
  readonly requests: readonly RequestView[]
}

export interface RowView {
  readonly event: string
  readonly distinctId: string
  readonly insertId: string
  /** Epoch ms. */
  readonly time: number
  readonly pieces: readonly Piece[]
}

export type RequestView = Pick<LoggedRequest, 'events' | 'bytes' | 'status' | 'stored'> & {
  /** Epoch ms. */
  readonly at: number
}

export interface MixpanelViewDeps {
  readonly mixpanel: Pick<MixpanelStandIn, 'lastRows' | 'requests'>
  readonly recent: RecentMessages
  readonly explain: (message: RecentMessage) => Promise<Explained>
}

const MOST_ROWS = 100
const MOST_REQUESTS = 50
/** A message that is longer is not explained to find the source of an event. */
const MOST_SOURCE_BYTES = 256 * 1024
/** The bytes of messages among which the source of an event with an id of its own is sought. */
const MOST_SOUGHT_BYTES = 1024 * 1024
/** A derived insert id begins with the id of its message. */
const DERIVED = /^(\d+)-\d+(?:-\d+)*$/

/** Makes the view, in which the values are marked that the service has written. */
export async function viewMixpanel(deps: MixpanelViewDeps): Promise<MixpanelView> {
  const { mixpanel } = deps
  const sourceOf = createSourceOf(deps)
  const rows: RowView[] = []
  for (const row of mixpanel.lastRows(MOST_ROWS).toReversed()) {
    const { event, distinctId, insertId, time, raw } = row
    rows.push({ event, distinctId, insertId, time, pieces: markChanges(raw, await sourceOf(row)) })
  }
  return { rows, requests: mixpanel.requests().slice(-MOST_REQUESTS).reverse().map(viewRequest) }
}

/** Makes a function that finds the text of an event before the service wrote into it. */
function createSourceOf({
  recent,
  explain,
}: MixpanelViewDeps): (row: Row) => Promise<string | undefined> {
  const sought = newestOf(recent.all().filter(isSearched))
  const explained = new Map<string, Promise<Explained>>()

  return async function sourceOf(row) {
    const [, messageId] = DERIVED.exec(row.insertId) ?? []
    const named = messageId === undefined ? undefined : recent.find(messageId)
    const holders = named === undefined ? sought.filter(holds(row.insertId)) : [named]
    for (const one of holders.filter(isSearched)) {
      const source = await textIn(one, row.raw)
      if (source !== undefined) return source
    }
    return undefined
  }

  async function textIn(one: RecentMessage, raw: string): Promise<string | undefined> {
    const { messageId } = one.message
    const explaining = explained.get(messageId) ?? explain(one)
    explained.set(messageId, explaining)
    const { events } = await explaining
    const made = events.find(({ step }) => step.kind === 'prepared' && step.text === raw)
    return made?.candidate?.text
  }
}

/** Returns the first messages, up to the bytes that are sought. */
function newestOf(messages: readonly RecentMessage[]): readonly RecentMessage[] {
  let bytes = 0
  return messages.filter(({ message }) => {
    bytes += message.data.length
    return bytes <= MOST_SOUGHT_BYTES
  })
}

function isSearched({ message }: RecentMessage): boolean {
  return message.data.length <= MOST_SOURCE_BYTES
}

function holds(insertId: string): (one: RecentMessage) => boolean {
  return ({ message }) => message.data.includes(insertId)
}

function viewRequest({ receivedAt, events, bytes, status, stored }: LoggedRequest): RequestView {
  return {
    at: receivedAt,
    events,
    bytes,
    ...(status !== undefined && { status }),
    ...(stored !== undefined && { stored }),
  }
}
