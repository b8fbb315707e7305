import { createWaiters } from '../waiters.ts'

/** One request as a stand-in remembers it, without its credentials and its body. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Lower-case names: accept, content-encoding, content-length, content-type, user-agent. */
  readonly headers: Readonly<Record<string, string>>
  /** The number of events in the body, as far as it can be read. */
  readonly events: number
  /** Length of the body, uncompressed. */
  readonly bytes: number
  /** Epoch ms. */
  readonly receivedAt: number
  /** The number of rows it left behind; absent when the stand-in did not try to import. */
  readonly stored?: number
  /** Absent while unanswered, and when the socket was destroyed without an answer. */
  readonly status?: number
}

/** Notes on one logged request. */
export interface RequestNotes {
  stored(rows: number): void
  answered(status: number): void
}

/** The sums over the requests. */
export interface Traffic {
  readonly requests: number
  readonly events: number
  /** Uncompressed. */
  readonly bytes: number
  /** The number of answers by status. */
  readonly statuses: Readonly<Record<number, number>>
}

const NO_TRAFFIC: Traffic = { requests: 0, events: 0, bytes: 0, statuses: {} }

export interface RequestLog {
  /** Adds a request whose body is in; the returned object takes notes of its later course. */
  add(request: LoggedRequest): RequestNotes
  /** The last requests, in order of arrival. */
  requests(): readonly LoggedRequest[]
  /** The sums since the start or the last `clear`, over forgotten requests too. */
  traffic(): Traffic
  /** Resolves once `count` requests have been noted since the start or the last `clear`. */
  waitForRequests(count: number): Promise<void>
  clear(): void
}

interface Entry {
  request: LoggedRequest
}

/** Creates an empty log, which keeps the last `kept` requests. */
export function createRequestLog(kept: number): RequestLog {
  let entries: Entry[] = []
  let sum = NO_TRAFFIC
  const waiters = createWaiters(() => sum.requests)

  return { add, requests, traffic: () => sum, waitForRequests: waiters.waitFor, clear }

  function add(request: LoggedRequest): RequestNotes {
    const entry: Entry = { request }
    entries.push(entry)
    // Not at each request: that would copy all kept entries each time.
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
