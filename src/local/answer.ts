import type { ServerResponse } from 'node:http'

/** One HTTP answer of the local world. */
export interface Answer {
  readonly status: number
  /** An object goes out as JSON, a string as plain text. */
  readonly body?: object | string
  /** Lower-case names; they win over the content type that follows from the body. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends an answer whole. Does nothing when the socket has gone. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const text = textOf(answer)
  writeHead(response, answer, text)
  response.end(text)
}

/** Announces the whole answer, sends the first half of its body and destroys the socket. */
export function sendHalf(response: ServerResponse, answer: Answer): void {
  const text = textOf(answer)
  writeHead(response, answer, text)
  response.write(text.slice(0, text.length / 2), () => response.destroy())
}

function writeHead(response: ServerResponse, answer: Answer, text: string): void {
  const type = typeof answer.body === 'object' ? 'application/json' : 'text/plain'
  response.writeHead(answer.status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  })
}

function textOf({ body = '' }: Answer): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}
