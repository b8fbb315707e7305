import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

const PROCESSING = 102

/** The answer to a push. */
export interface PushAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request; a header that is `undefined` is left out. */
interface PostRequest {
  /** The whole URL, path included. */
  readonly endpoint: string
  readonly body: string | Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Closes the connection when it fires. */
  readonly signal?: AbortSignal | undefined
}

export interface Poster {
  /**
   * Rejects when no whole answer comes: connection refused or reset, or `signal` fired. An interim
   * 102 is an answer, since Pub/Sub counts it as one; any later answer is read and dropped.
   */
  post(request: PostRequest): Promise<PushAnswer>
  /** Closes all connections, even with a request under way. */
  close(): void
}

/** Creates a poster over kept-alive connections, one for each request under way. */
export function createPoster(): Poster {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: Number.POSITIVE_INFINITY })

  return { post, close: () => agent.destroy() }

  function post({ endpoint, body, headers, signal }: PostRequest): Promise<PushAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(endpoint, { method: 'POST', agent, ...(signal && { signal }) })
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined) outgoing.setHeader(name, value)
      }
      outgoing.on('information', ({ statusCode }) => {
        if (statusCode === PROCESSING) resolve({ status: PROCESSING, headers: {}, body: '' })
      })
      outgoing.on('response', (incoming) => readAnswer(incoming).then(resolve, reject))
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }
}

async function readAnswer(incoming: IncomingMessage): Promise<PushAnswer> {
  const body = await text(incoming)
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body }
}
