import { createWaiters } from '../waiters.ts'

/** One publish request as a stand-in remembers it. */
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
  const waiters = createWaiters(() => requests.length)

  return {
    add(request) {
      requests.push(request)
      waiters.come()
    },
    requests: () => [...requests],
    waitForRequests: waiters.waitFor,
  }
}
