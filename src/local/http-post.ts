import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** What a push is answered. */
export interface PushAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request; a header that is `undefined` is left out. */
interface PostRequest {
  readonly body: string | Uint8Array
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Closes the connection when it fires. */
  readonly signal?: AbortSignal | undefined
}

export interface Poster {
  /** Rejects when no whole answer comes: connection refused or reset, or `signal` fired. */
  post(request: PostRequest): Promise<PushAnswer>
  /** Closes the connections that are kept alive. */
  close(): void
}

/** Posts to one URL over connections that are kept alive. */
export function createPoster(endpoint: string): Poster {
  const agent = new Agent({ keepAlive: true })

  return {
    async post({ body, headers, signal }) {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = request(endpoint, { method: 'POST', agent, ...(signal && { signal }) })
        for (const [name, value] of Object.entries(headers)) {
          if (value !== undefined) outgoing.setHeader(name, value)
        }
        outgoing.on('response', resolve).on('error', reject)
        outgoing.end(body)
      })
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: await text(answer),
      }
    },
    close: () => agent.destroy(),
  }
}
