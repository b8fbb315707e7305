import { connect, type Socket } from 'node:net'
import type { PushTemplate } from './workload.ts'

export interface LoadOptions {
  readonly port: number
  readonly template: PushTemplate
  /** Sent with each push; none when absent. */
  readonly token: string
}

/** A place for one push at a time: a connection, or a stream of one. */
export interface Connection {
  push(done: () => void): void
  close(): void
}

/** Opens a place for pushes. It asks for the id of each message, and notes each answer. */
export type OpenConnection = (
  nextMessageId: () => string,
  note: (status: number, ms: number) => void,
) => Connection

/** The results of the pushes over a period. */
export interface LoadResult {
  readonly pushes: number
  /** The number of pushes not answered 204. */
  readonly failed: number
  readonly tookMs: number
  /** From the last byte sent to the first received, in ms, in no order. */
  readonly latencies: Float64Array
}

/** Connections that push at an endpoint. Raw sockets make the load cost less than the service. */
export interface Load {
  /** Pushes on each connection for `durationMs`, again as soon as it is answered. */
  closedLoop(connections: number, durationMs: number): Promise<LoadResult>
  /** Pushes at a fixed rate for `durationMs`, independent of the answers. */
  openLoop(pushesASecond: number, durationMs: number): Promise<LoadResult>
  close(): void
}

const ID_DIGITS = 16
/** The connection broke before an answer came. */
const NO_ANSWER = 0
const MOST_LATENCIES = 2_000_000

/** Opens connections when they are needed, and keeps them until `close`. */
export function createLoad(
  options: LoadOptions,
  open: OpenConnection = http1Connections(options),
): Load {
  const idle: Connection[] = []
  const all: Connection[] = []
  const latencies = new Float64Array(MOST_LATENCIES)
  let nextId = 10 ** (ID_DIGITS - 1) + (Date.now() % 1e9) * 1_000
  let [pushes, failed] = [0, 0]

  return { closedLoop, openLoop, close }

  function close(): void {
    for (const connection of all) connection.close()
  }

  async function closedLoop(connections: number, durationMs: number): Promise<LoadResult> {
    begin()
    const startedAt = performance.now()
    const endAt = startedAt + durationMs
    await Promise.all(Array.from({ length: connections }, () => pushUntil(endAt)))
    return result(startedAt)
  }

  function pushUntil(endAt: number): Promise<void> {
    return new Promise((resolve) => {
      const connection = take()
      const again = (): void => {
        if (performance.now() < endAt) connection.push(again)
        else {
          idle.push(connection)
          resolve()
        }
      }
      connection.push(again)
    })
  }

  async function openLoop(pushesASecond: number, durationMs: number): Promise<LoadResult> {
    begin()
    const startedAt = performance.now()
    const count = Math.round((pushesASecond * durationMs) / 1_000)
    const answered: Promise<void>[] = []
    for (let sent = 0; sent < count; ) {
      const due = startedAt + (sent * 1_000) / pushesASecond
      const early = due - performance.now()
      if (early > 0.5) await new Promise((resolve) => setTimeout(resolve, early))
      answered.push(pushOnce())
      sent += 1
    }
    await Promise.all(answered)
    return result(startedAt)
  }

  function pushOnce(): Promise<void> {
    return new Promise((resolve) => {
      const connection = take()
      connection.push(() => {
        idle.push(connection)
        resolve()
      })
    })
  }

  function begin(): void {
    pushes = 0
    failed = 0
  }

  function result(startedAt: number): LoadResult {
    const tookMs = performance.now() - startedAt
    return {
      pushes,
      failed,
      tookMs,
      latencies: latencies.slice(0, Math.min(pushes, MOST_LATENCIES)),
    }
  }

  function take(): Connection {
    const connection = idle.pop() ?? open(nextMessageId, note)
    if (!all.includes(connection)) all.push(connection)
    return connection
  }

  function nextMessageId(): string {
    nextId += 1
    return String(nextId)
  }

  function note(status: number, ms: number): void {
    if (pushes < MOST_LATENCIES) latencies[pushes] = ms
    pushes += 1
    if (status !== 204) failed += 1
  }
}

function http1Connections(options: LoadOptions): OpenConnection {
  return (nextMessageId, note) => openConnection(options, nextMessageId, note)
}

function openConnection(
  { port, template, token }: LoadOptions,
  nextMessageId: () => string,
  note: (status: number, ms: number) => void,
): Connection {
  const { request, places } = requestOf(template, token)
  let socket = open()
  let sentAt = 0
  let received = ''
  let whenDone: (() => void) | undefined
  return { push, close: () => socket.destroy() }

  function push(done: () => void): void {
    whenDone = done
    const id = nextMessageId()
    for (const place of places) request.write(id, place, 'latin1')
    sentAt = performance.now()
    if (socket.closed || socket.destroyed) socket = open()
    socket.write(request)
  }

  function open(): Socket {
    const opened = connect(port, '127.0.0.1')
    opened.setNoDelay(true)
    opened.on('data', (chunk) => {
      received += chunk.toString('latin1')
      if (isWhole(received)) answered(Number(received.slice(9, 12)))
    })
    opened.on('error', () => {})
    opened.on('close', () => {
      if (opened === socket) answered(NO_ANSWER)
    })
    return opened
  }

  function answered(status: number): void {
    const done = whenDone
    if (done === undefined) return
    whenDone = undefined
    if (/^connection: close/im.test(received)) socket.destroy()
    received = ''
    note(status, performance.now() - sentAt)
    done()
  }
}

/** Makes the bytes of one push, and finds the places of the message id in them. */
function requestOf(
  { before, between, after }: PushTemplate,
  token: string,
): { request: Buffer; places: readonly number[] } {
  const id = '0'.repeat(ID_DIGITS)
  const body = `${before}${id}${between}${id}${after}`
  const head = [
    'POST /push HTTP/1.1',
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'user-agent: APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)',
    `authorization: Bearer ${token}`,
    '',
    '',
  ].join('\r\n')
  const first = head.length + before.length
  const second = first + ID_DIGITS + between.length
  return { request: Buffer.from(head + body), places: [first, second] }
}

/** Whether an answer is complete: it is 204 without a body, or has its length in its head. */
function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  const length = /^content-length: (\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? '0'
  return text.length >= headEnd + 4 + Number(length)
}
