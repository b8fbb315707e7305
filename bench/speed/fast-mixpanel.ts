import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gunzip } from 'node:zlib'

/**
 * A Mixpanel that takes whatever it is sent and only counts: the stand-in that judges each event
 * would take the core that the load needs.
 */
export interface FastMixpanel {
  readonly url: string
  readonly port: number
  /** How long it lets a request wait for its answer, in ms. */
  setDelay(ms: number): void
  /** Answers nothing any more. */
  stall(): void
  requests(): number
  events(): number
  close(): void
}

const EVENT = Buffer.from('{"event":')

export async function startFastMixpanel(): Promise<FastMixpanel> {
  let [requests, events, delayMs, stalled] = [0, 0, 0, false]
  const server = createServer(take)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    setDelay: (ms) => {
      delayMs = ms
    },
    stall: () => {
      stalled = true
    },
    requests: () => requests,
    events: () => events,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }

  function take(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests += 1
      const body = Buffer.concat(chunks)
      if (request.headers['content-encoding'] !== 'gzip') return answer(body, response)
      gunzip(body, (error, inflated) => answer(error ? Buffer.alloc(0) : inflated, response))
    })
  }

  function answer(body: Buffer, response: ServerResponse): void {
    const count = countIn(body)
    events += count
    if (stalled) return
    const text = `{"code":200,"num_records_imported":${count},"status":"OK"}`
    const send = (): void => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length })
      response.end(text)
    }
    if (delayMs === 0) send()
    else setTimeout(send, delayMs)
  }
}

function countIn(body: Buffer): number {
  let count = 0
  for (let at = body.indexOf(EVENT); at !== -1; at = body.indexOf(EVENT, at + EVENT.length))
    count += 1
  return count
}
