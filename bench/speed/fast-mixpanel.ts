import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { sendAnswer } from '../../src/local/answer.ts'
import { startLoopbackServer } from '../../src/local/loopback-server.ts'

/**
 * A Mixpanel that accepts every request and only counts. The stand-in, which judges each event,
 * would use the core that the load needs.
 */
export interface FastMixpanel {
  readonly url: string
  /** Sets how long a request waits for its answer, in ms. */
  setDelay(ms: number): void
  requests(): number
  events(): number
  close(): Promise<void>
}

const inflate = promisify(gunzip)
const EVENT = Buffer.from('{"event":')

export async function startFastMixpanel(): Promise<FastMixpanel> {
  let [requests, events, delayMs] = [0, 0, 0]
  const server = await startLoopbackServer({ name: 'the fast Mixpanel', port: 0 }, take)

  return {
    url: server.url,
    setDelay: (ms) => {
      delayMs = ms
    },
    requests: () => requests,
    events: () => events,
    close: server.close,
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sent = await buffer(request)
    const isGzip = request.headers['content-encoding'] === 'gzip'
    const count = countEvents(isGzip ? await inflate(sent) : sent)
    requests += 1
    events += count
    if (delayMs > 0) await setTimeout(delayMs, undefined, { ref: false })
    const body = { code: 200, num_records_imported: count, status: 'OK' }
    sendAnswer(response, { status: 200, body })
  }
}

function countEvents(body: Buffer): number {
  let count = 0
  for (let at = body.indexOf(EVENT); at !== -1; at = body.indexOf(EVENT, at + EVENT.length))
    count += 1
  return count
}
