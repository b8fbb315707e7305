import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { until } from './until.ts'

/** A client of one TCP connection that sends what it is told, HTTP or not. */
export interface RawClient {
  readonly socket: Socket
  /** All that the server has sent so far. */
  text(): string
  /** Whether the server has closed its side, and not by a reset. */
  hasEnded(): boolean
  send(text: string): void
  /** Resolves when the server has sent so many status lines, and with all of its text. */
  answers(count: number): Promise<string>
}

/** Connects to a server; resolves when it has accepted. The connection ends with the test. */
export async function connectRaw(t: TestContext, url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  t.after(() => socket.destroy())
  let text = ''
  let hasEnded = false
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('end', () => {
    hasEnded = true
  })
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  return { socket, text: () => text, hasEnded: () => hasEnded, send, answers }

  function send(data: string): void {
    socket.write(data)
  }

  async function answers(count: number): Promise<string> {
    await until(`${count} answers`, () => statusesIn(text).length >= count)
    return text
  }
}

/** The status of each answer in the text of a connection, interim ones too. */
export function statusesIn(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status))
}
