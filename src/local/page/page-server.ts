import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, sendAnswer } from '../answer.ts'
import { type LoopbackServer, startLoopbackServer } from '../loopback-server.ts'
import type { EventStream } from './event-stream.ts'
import { PAGE_HEADERS, refusalOf } from './page-access.ts'

/** Does what the page asks for with a JSON value, and answers. */
export type PageAction = (input: unknown) => Promise<Answer> | Answer

export interface PageServerParts {
  /** 0 takes any free port. */
  readonly port: number
  /** The folder with the files of the page. */
  readonly folder: URL
  /** Returns what a page shows at first. */
  readonly state: () => Promise<object>
  readonly stream: EventStream
  /** The actions, by the name after `/do/`. */
  readonly actions: Readonly<Record<string, PageAction>>
}

/** The pages that may watch at once. */
const MOST_WATCHERS = 20
/** A message of Pub/Sub has 10 MB at most, and JSON escapes some of its characters. */
const MOST_BODY_BYTES = 24 * 1024 * 1024
const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
] as const

/**
 * Starts the server of the page on 127.0.0.1. It answers itself alone: no other web site can read
 * from it or drive the world by it. Rejects when the port is taken or a file of the page is missing.
 */
export async function startPageServer(parts: PageServerParts): Promise<LoopbackServer> {
  const { port, stream, actions, state } = parts
  const files = await readFiles(parts.folder)
  const server = await startLoopbackServer({ name: 'the page', port }, answerRequest)
  return server

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = refusalOf(request, server.port)
    for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value)
    const url = new URL(request.url ?? '/', server.url)
    if (refusal === undefined && request.method === 'GET' && url.pathname === '/events') {
      return watch(request, response, url)
    }
    sendAnswer(response, refusal ?? (await answerTo(request, url.pathname)))
  }

  async function answerTo(request: IncomingMessage, path: string): Promise<Answer> {
    const file = request.method === 'GET' ? files.get(path) : undefined
    if (file !== undefined) return file
    if (request.method === 'GET' && path === '/state') return { status: 200, body: await state() }
    const [, name = ''] = /^\/do\/([\w-]+)$/.exec(path) ?? []
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (request.method !== 'POST' || action === undefined) return NOT_FOUND
    const input = await readJson(request)
    return input === undefined ? NO_JSON : action(input.value)
  }

  function watch({ headers }: IncomingMessage, response: ServerResponse, url: URL): void {
    // A browser that comes back sends the header, and the same address as at first.
    const seen = headers['last-event-id'] ?? url.searchParams.get('after') ?? undefined
    if (stream.watchers() >= MOST_WATCHERS) sendAnswer(response, TOO_MANY)
    else stream.attach(response, Array.isArray(seen) ? seen[0] : seen)
  }
}

const NOT_FOUND: Answer = { status: 404, body: { error: 'There is no such route.' } }
const NO_JSON: Answer = {
  status: 400,
  body: { error: `A JSON value of at most ${MOST_BODY_BYTES} bytes is wanted.` },
}
const TOO_MANY: Answer = {
  status: 503,
  body: { error: `${MOST_WATCHERS} pages watch already. Close one.` },
}

async function readFiles(folder: URL): Promise<ReadonlyMap<string, Answer>> {
  const entries = FILES.map(async ([path, name, type]) => {
    const body = await readFile(new URL(name, folder), 'utf8')
    return [path, { status: 200, body, headers: { 'content-type': type } }] as const
  })
  return new Map(await Promise.all(entries))
}

/** Reads a JSON body; `undefined` when it is none, or too long, or not said to be one. */
async function readJson(
  request: IncomingMessage,
): Promise<{ readonly value: unknown } | undefined> {
  if (request.headers['content-type'] !== 'application/json') return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    // The rest is read and dropped, so that the answer reaches a client that is still writing.
    if (bytes <= MOST_BODY_BYTES) chunks.push(chunk)
  }
  if (bytes > MOST_BODY_BYTES) return undefined
  try {
    return { value: JSON.parse(Buffer.concat(chunks).toString('utf8')) }
  } catch {
    return undefined
  }
}
