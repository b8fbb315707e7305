import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createCheckLines } from '../../../src/cli/check/check-lines.ts'
import { type Checked, createCheckText } from '../../../src/cli/check/check-text.ts'
import { inflated } from '../../../src/cli/check/inflated.ts'
import { messageOf } from '../../../src/receive/message-of.ts'
import { asPublished, createTransform, type Transform } from '../../../src/transform/transform.ts'
import { startWorld, type World } from '../../helpers/world.ts'

const LIMITS = { maxBytes: 67_108_864, maxFootprintBytes: 134_217_728 }
/** No push waits for the events of others. */
const AT_ONCE = { BATCH_LINGER_MS: '0' }
const PUBLISHED = Date.now()
const PUBLISH_TIME = new Date(PUBLISHED).toISOString()
/** It passes with and without the transform, so that no message is rejected as a whole. */
const GOOD = '{"event":"good","properties":{"distinct_id":"u-1"}}'

/** The end of one event: as Mixpanel got it, or as its dead letter tells. */
type End = Readonly<
  | { kind: 'sent'; text: string; insertId: string; time: number }
  | { kind: 'rejected'; line: number; reason: string; field: string | undefined; detail: string }
>

describe('check and the service', () => {
  for (const insertId of ['message', 'content'] as const) {
    it(`agree on verdict, id and time of each event, with INSERT_ID=${insertId}`, async (t) => {
      const world = await startWorld(t, { env: { ...AT_ONCE, INSERT_ID: insertId } })

      await assertAgreement(world, { transform: asPublished, insertId })
    })
  }

  it('agree on the events that a transform makes, drops and fails on', async (t) => {
    const transform = createTransform(oddly)
    const world = await startWorld(t, { env: AT_ONCE, transform })

    await assertAgreement(world, { transform, insertId: 'message' })
  })
})

async function assertAgreement(
  world: World,
  stages: { transform: Transform; insertId: 'message' | 'content' },
): Promise<void> {
  let id = 2_070_443_601_311_540n

  await fc.assert(
    fc.asyncProperty(TEXTS, async (data) => {
      id += 1n
      const seen = world.mixpanel.rows().length
      const message = { messageId: String(id), publishTime: PUBLISH_TIME, attributes: { k: 'v' } }

      await world.pusher.push({ ...message, data })

      assert.deepEqual(
        await checked(data, { ...stages, message }),
        await settledBy(world, String(id), seen),
      )
    }),
    { numRuns: 40 },
  )
}

/** Makes two events of some lines, and none of others. */
function oddly(input: unknown): unknown {
  const text = JSON.stringify(input)
  if (text.length % 5 === 0) return null
  if (text.length % 7 === 0) throw new Error('a fault of the owner')
  return text.length % 2 === 0 ? [input, input] : input
}

/** Returns the ends of the events of a message: its rows in Mixpanel, and its dead letters. */
async function settledBy(
  { mixpanel, deadLetters }: World,
  messageId: string,
  seen: number,
): Promise<End[]> {
  const letters = (await deadLetters()).filter((letter) => letter.message.messageId === messageId)
  const sent = mixpanel
    .rows()
    .slice(seen)
    .map(({ raw, insertId, time }): End => {
      return { kind: 'sent', text: raw, insertId, time }
    })
  return [
    ...sent,
    ...letters.map(({ line, reason, field, detail }): End => {
      return { kind: 'rejected', line, reason, field, detail }
    }),
  ]
}

async function checked(
  data: string | Buffer,
  {
    transform,
    insertId,
    message,
  }: {
    transform: Transform
    insertId: 'message' | 'content'
    message: { messageId: string; publishTime: string; attributes: Record<string, string> }
  },
): Promise<End[]> {
  const sent: End[] = []
  const rejected: End[] = []
  const checkText = createCheckText(LIMITS, {
    message: messageOf({ message }),
    checkLines: createCheckLines({ transform, insertId }),
    take,
  })
  await checkText(inflated(chunksOf(Buffer.from(data))))
  return [...sent, ...rejected]

  function take(one: Checked): void {
    assert.equal(one.kind, 'line')
    if (one.kind !== 'line') return
    const { line, events } = one.checked
    for (const { step } of events) {
      if (step.kind === 'prepared') {
        sent.push({ kind: 'sent', text: step.text, insertId: step.insertId, time: step.time })
      } else if (step.kind === 'rejected') {
        const { reason, field, detail } = step
        rejected.push({ kind: 'rejected', line: line.number, reason, field, detail })
      }
    }
  }
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

const HOUR = 3_600_000
const time = fc.constantFrom(
  undefined,
  null,
  PUBLISHED - HOUR,
  Math.floor(PUBLISHED / 1_000) - 10,
  PUBLISHED + 1_000,
  PUBLISHED + 2 * HOUR,
  '2026-01-01',
  '2026-01-01T12:00:00.5+01:00',
  '2026-02-30',
  'soon',
  -1,
  12.75,
  {},
)
const insertId = fc.oneof(
  fc.constantFrom(undefined, null, '', 'order-17', 'order/17', 'NULL', 'ä', 17, 9.5e20, {}),
  fc.string(),
)
const distinctId = fc.constantFrom('u-1', 'u-2', '', 'anonymous', 'N/A')
const event = fc.record(
  {
    event: fc.constantFrom('a', 'b', '', 7),
    properties: fc.record({
      distinct_id: distinctId,
      time,
      $insert_id: insertId,
      note: fc.string(),
    }),
  },
  { requiredKeys: ['event'] },
)
const line = fc.oneof(
  { weight: 6, arbitrary: event.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.constantFrom('', '  ', '{"event":', '7', '[]', 'null', '"x"', '\0') },
)
const lines = fc.array(line, { maxLength: 8 })
const TEXTS = fc.oneof(
  lines.map((all) => [GOOD, ...all].join('\n')),
  lines.map((all) => `\ufeff${[...all, GOOD].join('\r\n')}\r\n`),
  fc
    .array(event, { maxLength: 8 })
    .map((all) => JSON.stringify([JSON.parse(GOOD), ...all], undefined, 1)),
  event.map((value) => JSON.stringify([JSON.parse(GOOD), value]).slice(0, -1)),
  lines.map((all) => gzipSync([GOOD, ...all].join('\n'))),
)
