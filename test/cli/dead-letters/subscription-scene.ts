import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { deadLetters } from '../../../src/cli/dead-letters.ts'
import { makeMessages } from '../../../src/dead-letter/letter-message.ts'
import { type Clock, systemClock } from '../../../src/lib/clock.ts'
import { LOCAL_CREDENTIALS, startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import type { PullSettings } from '../../../src/local/pubsub/subscription-settings.ts'
import {
  LOCAL_DEAD_LETTER_TOPIC,
  type MessageToPublish,
  type PubsubStandInOptions,
} from '../../../src/local/pubsub-stand-in.ts'
import type { DeadLetter } from '../../../src/model/dead-letter.ts'
import { aDeadLetter } from '../../dead-letter/a-dead-letter.ts'
import { createFakeIo, type FakeIoOptions } from '../../helpers/fake-io.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { aFolder } from '../../helpers/world.ts'

export const LETTERS = 'projects/local-project/subscriptions/letters'
const TOPIC = LOCAL_DEAD_LETTER_TOPIC
const compress = promisify(gzip)
const LONGEST_PAUSE_MS = 1_500

/** Real time, in which the pauses between two requests to Pub/Sub take no time. */
const IMPATIENT: Clock = {
  ...systemClock,
  after: (ms, task) => systemClock.after(ms <= LONGEST_PAUSE_MS ? 0 : ms, task),
}

export interface SubscriptionSceneOptions extends FakeIoOptions {
  readonly settings?: Partial<PullSettings>
  readonly standIn?: PubsubStandInOptions
  readonly clock?: Clock
  /** The source of a module for `TRANSFORM`. */
  readonly transform?: string
  /** The host of Pub/Sub; the stand-in's when absent. */
  readonly host?: string
}

/** Letters in a topic with a pull subscription, the commands about them, and a Mixpanel. */
export async function startSubscription(t: TestContext, options: SubscriptionSceneOptions = {}) {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const pubsub = await startPubsub(t, options.standIn)
  const subscription = pubsub.createPullSubscription(LETTERS, {
    topic: TOPIC,
    ...options.settings,
  })
  const folder = await aFolder(t)
  const transform = options.transform && (await module('transform.mjs', options.transform))
  const env: Record<string, string> = {
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    PUBSUB_EMULATOR_HOST: options.host ?? pubsub.host,
    DEAD_LETTER: `pubsub:${TOPIC}`,
    ...(transform && { TRANSFORM: transform }),
    ...options.env,
  }
  return { mixpanel, pubsub, subscription, env, folder, module, publish, letters, run, begin, rows }

  /** Writes a module; returns its path. */
  async function module(name: string, text: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }

  function publish(...messages: readonly MessageToPublish[]): readonly string[] {
    return pubsub.publish(TOPIC, messages)
  }

  /** Publishes letters, as the service does. */
  async function letters(...all: readonly DeadLetter[]): Promise<void> {
    for (const letter of all) publish(...(await messagesOf(letter)))
  }

  /** Begins a command about the subscription. */
  function begin(...[command = '', ...args]: readonly string[]) {
    const io = { ...createFakeIo(options), env, clock: options.clock ?? IMPATIENT }
    return { io, ended: deadLetters.run([command, '--from', LETTERS, ...args], io) }
  }

  async function run(...args: readonly string[]) {
    const { io, ended } = begin(...args)
    const code = await ended
    return { code, out: io.out(), err: io.err() }
  }

  /** The rows of Mixpanel as `event insert-id`. */
  function rows(): readonly string[] {
    return mixpanel
      .rows()
      .map(({ event, insertId }) => `${event} ${insertId}`)
      .sort()
  }
}

/** The messages that the service publishes for a letter. */
export async function messagesOf(
  letter: DeadLetter,
  { compressed = false } = {},
): Promise<readonly MessageToPublish[]> {
  const { event, data = '' } = letter
  const plain = event === undefined ? Buffer.from(data, 'base64') : Buffer.from(event)
  const bytes = compressed ? await compress(plain) : plain
  return makeMessages(letter, bytes, compressed).map(({ json }) => {
    const message = JSON.parse(json)
    return { ...message, data: Buffer.from(message.data, 'base64') }
  })
}

const message = {
  messageId: '77',
  subscription: 'projects/p/subscriptions/s',
  publishTime: '2026-01-01T00:00:00.000Z',
  attributes: {},
}

export function eventText(properties: object = {}): string {
  return JSON.stringify({ event: 'e', properties: { distinct_id: 'u', ...properties } })
}

/** A letter of a line of message 77. Its event is good now, unless told otherwise. */
export function onLine(line: number, changes: Partial<DeadLetter> = {}): DeadLetter {
  return aDeadLetter({
    id: `77-${line}`,
    line,
    reason: 'invalid_event',
    field: 'properties.time',
    event: eventText(),
    message,
    ...changes,
  })
}

/** The attributes of a copy that the policy of a push subscription made. */
export const COPIED = {
  CloudPubSubDeadLetterSourceDeliveryCount: '5',
  CloudPubSubDeadLetterSourceSubscription: 'events-push',
  CloudPubSubDeadLetterSourceSubscriptionProject: 'p1',
  CloudPubSubDeadLetterSourceTopicPublishTime: '2026-01-01T00:00:00.000Z',
}
