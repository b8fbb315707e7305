/** What a stand-in remembers of one publish request. */
export interface PublishRequest {
  readonly messages: number
  readonly bytes: number
  readonly userAgent: string
}

export interface PublishLog {
  add(request: PublishRequest): void
  requests(): readonly PublishRequest[]
  /** Resolves once `count` of them have come since the start. */
  waitForRequests(count: number): Promise<void>
}

export function createPublishLog(): PublishLog {
  const requests: PublishRequest[] = []
  let waiters: { count: number; resolve: () => void }[] = []

  return {
    add(request) {
      requests.push(request)
      for (const { resolve } of waiters.filter(isServed)) resolve()
      waiters = waiters.filter((waiter) => !isServed(waiter))
    },
    requests: () => [...requests],
    waitForRequests: (count) =>
      new Promise<void>((resolve) => {
        if (requests.length >= count) resolve()
        else waiters.push({ count, resolve })
      }),
  }

  function isServed({ count }: { count: number }): boolean {
    return requests.length >= count
  }
}
