import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { freePorts } from '../helpers/free-ports.ts'

const PROJECT = 'projects/emulated'

/** Google's own Pub/Sub emulator, as far as the tests ask it for anything. */
export interface Emulator {
  /** The value for `PUBSUB_EMULATOR_HOST`. */
  readonly host: string
  /** Full names of a new topic and a new pull subscription to it. */
  createTopic(name: string): Promise<{ topic: string; subscription: string }>
  /** Has what is published to a topic from now on pushed to a URL; the subscription's full name. */
  pushTo(endpoint: string, topic: string): Promise<string>
  /** Ends a subscription: nothing is pushed any more, least of all to the next owner of a port. */
  unsubscribe(subscription: string): Promise<void>
  /** Publishes together; the message ids, in the same order. */
  publish(topic: string, messages: readonly PublishedMessage[]): Promise<readonly string[]>
  /** The messages that wait in a subscription, acked with that; it does not wait for any. */
  pull(subscription: string): Promise<readonly PulledMessage[]>
  stop(): Promise<void>
}

/** Data, attributes or both. */
export interface PublishedMessage {
  /** Base64. */
  readonly data?: string
  readonly attributes?: Readonly<Record<string, string>>
}

export interface PulledMessage extends PublishedMessage {
  readonly messageId: string
  readonly publishTime: string
}

/** Starts the emulator of the Google Cloud SDK, or takes the running one; `undefined`: none here. */
export async function startEmulator(): Promise<Emulator | undefined> {
  const running = process.env.PUBSUB_EMULATOR_HOST
  if (running) return emulatorAt(running, async () => {})
  const command = await findCommand()
  if (command === undefined) return undefined
  const port = await freePorts(1)
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

function emulatorAt(host: string, stop: () => Promise<void>): Emulator {
  return { host, createTopic, pushTo, unsubscribe, publish, pull, stop }

  async function createTopic(name: string) {
    const topic = `${PROJECT}/topics/${name}`
    const subscription = `${PROJECT}/subscriptions/${name}`
    await ask('PUT', topic, {})
    await ask('PUT', subscription, { topic })
    return { topic, subscription }
  }

  async function pushTo(pushEndpoint: string, topic: string): Promise<string> {
    const subscription = `${topic.replace('/topics/', '/subscriptions/')}-push`
    await ask('PUT', subscription, { topic, pushConfig: { pushEndpoint } })
    return subscription
  }

  async function unsubscribe(subscription: string): Promise<void> {
    await ask('DELETE', subscription)
  }

  async function publish(topic: string, messages: readonly PublishedMessage[]) {
    const answer = await ask('POST', `${topic}:publish`, { messages })
    return answer.messageIds
  }

  async function pull(subscription: string): Promise<readonly PulledMessage[]> {
    const asked = { maxMessages: 100, returnImmediately: true }
    const answer = await ask('POST', `${subscription}:pull`, asked)
    const received: { ackId: string; message: PulledMessage }[] = answer.receivedMessages ?? []
    const ackIds = received.map(({ ackId }) => ackId)
    if (ackIds.length > 0) await ask('POST', `${subscription}:acknowledge`, { ackIds })
    return received.map(({ message }) => message)
  }

  async function ask(method: string, path: string, body?: object) {
    const headers = { 'content-type': 'application/json' }
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const answer = await fetch(`http://${host}/v1/${path}`, request)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`the emulator refuses ${method} ${path}: ${text}`)
    return JSON.parse(text)
  }
}
