import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const PROJECT = 'projects/emulated'

/** Google's own Pub/Sub emulator, as far as the tests ask it for anything. */
export interface Emulator {
  /** What `PUBSUB_EMULATOR_HOST` is to be. */
  readonly host: string
  /** Full names of a new topic and a new pull subscription to it. */
  createTopic(name: string): Promise<{ topic: string; subscription: string }>
  /** The messages that wait in a subscription, acked with that. */
  pull(subscription: string): Promise<readonly PulledMessage[]>
  stop(): Promise<void>
}

export interface PulledMessage {
  readonly messageId: string
  readonly publishTime: string
  /** Base64. */
  readonly data?: string
  readonly attributes?: Readonly<Record<string, string>>
}

/** Starts the emulator of the Google Cloud SDK, or takes the running one; `undefined`: none here. */
export async function startEmulator(): Promise<Emulator | undefined> {
  const running = process.env.PUBSUB_EMULATOR_HOST
  if (running) return emulatorAt(running, async () => {})
  const command = await findCommand()
  if (command === undefined) return undefined
  const port = await freePort()
  const child = spawn(command, ['--host=127.0.0.1', `--port=${port}`])
  const ended = once(child, 'close')
  const started = Promise.withResolvers<void>()
  child.once('error', started.reject)
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (line.includes('Server started')) started.resolve()
    })
  }
  try {
    await Promise.race([started.promise, ended.then(() => Promise.reject(new Error('it ended')))])
  } catch {
    return undefined
  }
  return emulatorAt(`127.0.0.1:${port}`, async () => {
    child.kill()
    await ended
  })
}

async function findCommand(): Promise<string | undefined> {
  try {
    const asked = ['info', '--format=value(installation.sdk_root)']
    const { stdout } = await promisify(execFile)('gcloud', asked)
    const command = join(stdout.trim(), 'platform/pubsub-emulator/bin/cloud-pubsub-emulator')
    return existsSync(command) ? command : undefined
  } catch {
    return undefined
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

function emulatorAt(host: string, stop: () => Promise<void>): Emulator {
  return { host, createTopic, pull, stop }

  async function createTopic(name: string) {
    const topic = `${PROJECT}/topics/${name}`
    const subscription = `${PROJECT}/subscriptions/${name}`
    await ask('PUT', topic, {})
    await ask('PUT', subscription, { topic })
    return { topic, subscription }
  }

  async function pull(subscription: string): Promise<readonly PulledMessage[]> {
    const answer = await ask('POST', `${subscription}:pull`, { maxMessages: 100 })
    const received: { ackId: string; message: PulledMessage }[] = answer.receivedMessages ?? []
    const ackIds = received.map(({ ackId }) => ackId)
    if (ackIds.length > 0) await ask('POST', `${subscription}:acknowledge`, { ackIds })
    return received.map(({ message }) => message)
  }

  async function ask(method: string, path: string, body: object) {
    const headers = { 'content-type': 'application/json' }
    const request = { method, headers, body: JSON.stringify(body) }
    const answer = await fetch(`http://${host}/v1/${path}`, request)
    return JSON.parse(await answer.text())
  }
}
