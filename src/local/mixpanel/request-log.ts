import { createWaiters } from '../waiters.ts'

/** What a stand-in remembers of one request. Never its credentials, never its body. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names: accept, content-encoding, content-length, content-type, user-agent. */
  readonly headers: Readonly<Record<string, string>>
  /** How many events the body holds, as far as it can be read. */
  readonly events: number
  /** Length of the body, uncompressed. */
  readonly bytes: number
  /** Epoch ms. */
  readonly receivedAt: number
  /** How many rows it has left behind; absent when nothing was imported for want of trying. */
  readonly stored?: number
  /** Absent while unanswered, and for good when the socket was destroyed instead. */
  readonly status?: number
}

/** What becomes of a request that was noted. */
export interface RequestNotes {
  stored(rows: number): void
  answered(status: number): void
}

/** What has come, in sum. */
export interface Traffic {
  readonly requests: number
  readonly events: number
  /** Uncompressed. */
  readonly bytes: number
  /** How many answers there were of each status. */
  readonly statuses: Readonly<Record<number, number>>
}

const NO_TRAFFIC: Traffic = { requests: 0, events: 0, bytes: 0, statuses: {} }

export interface RequestLog {
  /** Notes a request whose body is in; what is returned takes notes of what becomes of it. */
  add(request: LoggedRequest): RequestNotes
  /** The last ones, in order of arrival. */
  requests(): readonly LoggedRequest[]
  /** Of all since the start or the last `clear`, forgotten ones included. */
  traffic(): Traffic
  /** Resolves once `count` requests have been noted since the start or the last `clear`. */
  waitForRequests(count: number): Promise<void>
  clear(): void
}

interface Entry {
  request: LoggedRequest
}

/** An empty log, which keeps the last `kept` requests. */
export function createRequestLog(kept: number): RequestLog {
  let entries: Entry[] = []
  let sum = NO_TRAFFIC
  const waiters = createWaiters(() => sum.requests)

  return { add, requests, traffic: () => sum, waitForRequests: waiters.waitFor, clear }

  function add(request: LoggedRequest): RequestNotes {
    const entry: Entry = { request }
    entries.push(entry)
    // Not at each request: that would move them all each time.
    if (entries.length >= kept * 2) entries = lastOf(entries)
    sum = plus(sum, request)
    waiters.come()
    return {
      stored: (rows) => {
        entry.request = { ...entry.request, stored: rows }
      },
      answered: (status) => {
        entry.request = { ...entry.request, status }
        countStatus(status)
      },
    }
  }

  function countStatus(status: number): void {
    const { statuses } = sum
    sum = { ...sum, statuses: { ...statuses, [status]: (statuses[status] ?? 0) + 1 } }
  }

  function requests(): readonly LoggedRequest[] {
    return lastOf(entries).map(({ request }) => request)
  }

  function lastOf(all: Entry[]): Entry[] {
    return all.slice(Math.max(0, all.length - kept))
  }

  function clear(): void {
    entries = []
    sum = NO_TRAFFIC
  }
}

function plus(sum: Traffic, { events, bytes }: LoggedRequest): Traffic {
  return {
    ...sum,
    requests: sum.requests + 1,
    events: sum.events + events,
    bytes: sum.bytes + bytes,
  }
}
