/** What a stand-in remembers of one request. Never its credentials. */
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
  /** Absent while unanswered, and for good when the socket was destroyed instead. */
  readonly status?: number
}

export interface RequestLog {
  /** Notes a request whose body is in; the returned function notes the status it is answered. */
  add(request: LoggedRequest): (status: number) => void
  requests(): readonly LoggedRequest[]
  /** Resolves once `count` requests have been noted since the start or the last `clear`. */
  waitForRequests(count: number): Promise<void>
  clear(): void
}

/** An empty log. */
export function createRequestLog(): RequestLog {
  let requests: LoggedRequest[] = []
  let waiters: { count: number; resolve: () => void }[] = []

  return { add, requests: () => [...requests], waitForRequests, clear }

  function add(request: LoggedRequest): (status: number) => void {
    const log = requests
    const place = log.push(request) - 1
    for (const { resolve } of waiters.filter(isServed)) resolve()
    waiters = waiters.filter((waiter) => !isServed(waiter))
    return (status) => {
      log[place] = { ...request, status }
    }
  }

  async function waitForRequests(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      if (requests.length >= count) resolve()
      else waiters.push({ count, resolve })
    })
  }

  function clear(): void {
    requests = []
  }

  function isServed({ count }: { count: number }): boolean {
    return requests.length >= count
  }
}
