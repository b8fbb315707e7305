// The p99 of a local world without a page that watches, with one that reads, and with one that does not.
// sh tools/node.sh bench/page.ts [ROUNDS]

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { LOCAL_TOPIC } from '../src/local/push-request.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const PORT_BASE = 21_000
const PORTS = { mixpanel: PORT_BASE + 2, pubsub: PORT_BASE + 4, page: PORT_BASE + 5 }
/** 10,000 events in five seconds. */
const MESSAGES_A_SECOND = 200
const EVENTS = 10
const ROUND_MS = 5_000
const KINDS = ['nobody', 'reading', 'not reading'] as const
/** The most that a page may add to the p99. */
const MOST_RATIO = 1.1

const [rounds = '5'] = process.argv.slice(2)
const data = Buffer.from(
  '{"event":"viewed","properties":{"distinct_id":"u-1"}}\n'.repeat(EVENTS),
).toString('base64')

const world = spawn(process.execPath, [MAIN, 'local', '--port-base', `${PORT_BASE}`], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const ended = once(world, 'close')
const p99s = Object.fromEntries(KINDS.map((kind): [string, number[]] => [kind, []]))
try {
  await started()
  await round('nobody')
  for (let at = 0; at < Number(rounds); at++) {
    for (const kind of KINDS) p99s[kind]?.push(await round(kind))
  }
} finally {
  world.kill('SIGTERM')
  await ended
}
report()

async function started(): Promise<void> {
  for await (const line of createInterface({ input: world.stdout })) {
    if (line.includes('health/ready')) break
  }
  world.stdout.resume()
}

/** Publishes for a while with such a page, and returns the p99 from publish to Mixpanel, in ms. */
async function round(kind: (typeof KINDS)[number]): Promise<number> {
  await fetch(`http://127.0.0.1:${PORTS.mixpanel}/rows`, { method: 'DELETE' })
  const page = kind === 'nobody' ? undefined : await watch(kind)
  const began = performance.now()
  const publishing: Promise<unknown>[] = []
  for (let sent = 0; sent < (MESSAGES_A_SECOND * ROUND_MS) / 1_000; sent++) {
    await wait(Math.max(0, began + (sent * 1_000) / MESSAGES_A_SECOND - performance.now()))
    publishing.push(publish())
  }
  await Promise.all(publishing)
  await wait(1_000)
  page?.destroy()
  return p99Of(await delays())
}

async function publish(): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${PORTS.pubsub}/v1/${LOCAL_TOPIC}:publish`, {
    method: 'POST',
    body: JSON.stringify({ messages: [{ data }] }),
  })
  await answer.arrayBuffer()
}

/** Opens the stream of the page as a client that is no browser. */
async function watch(kind: 'reading' | 'not reading'): Promise<Socket> {
  const socket = connect(PORTS.page, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`GET /events HTTP/1.1\r\nhost: 127.0.0.1:${PORTS.page}\r\n\r\n`)
  if (kind === 'reading') socket.resume()
  return socket
}

/** The time of an event without one of its own is the publish time of its message. */
async function delays(): Promise<readonly number[]> {
  const answer = await fetch(`http://127.0.0.1:${PORTS.mixpanel}/rows`)
  const rows: { time: number; receivedAt: number }[] = JSON.parse(await answer.text())
  return rows.map(({ time, receivedAt }) => receivedAt - time).sort((one, other) => one - other)
}

function p99Of(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN
}

function report(): void {
  const alone = medianOf(p99s.nobody ?? [])
  for (const kind of KINDS) {
    const values = p99s[kind] ?? []
    const ratio = medianOf(values) / alone
    const isGood = ratio <= MOST_RATIO
    if (!isGood) process.exitCode = 1
    console.log(
      `${isGood ? 'good' : 'BAD '} ${kind}: p99 ${medianOf(values)} ms (${values.join(', ')}), × ${ratio.toFixed(2)}`,
    )
  }
}
