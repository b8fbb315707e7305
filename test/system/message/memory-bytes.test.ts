import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  createSettledMemory,
  type NamedMessage,
  type SettledMemory,
} from '../../../src/message/settled-memory.ts'
import { type EventOutcome, IMPORTED, rejected, retry } from '../../../src/model/outcome.ts'
import type { Settlement } from '../../../src/model/settlement.ts'
import { aMessage } from '../../helpers/builders.ts'
import { collectGarbage } from '../../helpers/collect-garbage.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'
import { earlierWith } from '../../helpers/outcomes.ts'

const MIB = 1024 * 1024
/** Each of the three memories is meant to hold a third. */
const MEANT = 10 * MIB

describe('a memory that is full', () => {
  it('holds in acks that were heard about the bytes it is meant to', async () => {
    await assertAboutMeant(100_000, (memory, n) => memory.acked(named(n), ackOf()))
  })

  it('holds in acks that were not heard about the bytes it is meant to', async () => {
    await assertAboutMeant(100_000, (memory, n) => memory.ackedUnheard(named(n), ackOf()))
  })

  for (const [what, messages, outcomesOf] of [
    ['messages of a few events', 40_000, () => [IMPORTED, retry('deadline')]],
    ['messages of many events', 700, () => Array.from({ length: 20_000 }, () => IMPORTED)],
    ['texts, each of them another', 800, (n: number) => refusals(n, 40, 'x')],
    ['texts that are not Latin', 500, (n: number) => refusals(n, 40, 'ж')],
    ['more texts than a message has kinds', 60, (n: number) => refusals(n, 500, 'x')],
    [
      'names of fields',
      20_000,
      (n: number) => [rejected('invalid_event', '', textOf(`${n}`, 'x'))],
    ],
  ] as const) {
    it(`holds in ${what} about the bytes it is meant to`, async () => {
      await assertAboutMeant(messages, (memory, n) =>
        memory.nacked(named(n), earlierWith(outcomesOf(n))),
      )
    })
  }

  it('holds in portions about the bytes it is meant to', async () => {
    const portions: readonly EventOutcome[][] = Array.from({ length: 200 }, () => [IMPORTED])
    await assertAboutMeant(3_000, (memory, n) => memory.nacked(named(n), earlierWith(...portions)))
  })
})

/** Remembers so many messages, more than are held. */
async function assertAboutMeant(
  messages: number,
  remember: (memory: SettledMemory, n: number) => void,
): Promise<void> {
  const scene: { memory?: SettledMemory } = { memory: fullMemory(messages, remember) }

  const full = await heldBytes()
  delete scene.memory
  const held = full - (await heldBytes())
  assert.ok(held > MEANT * 0.4 && held < MEANT * 1.4, `${(held / MIB).toFixed(1)} MiB`)
}

function fullMemory(
  messages: number,
  remember: (memory: SettledMemory, n: number) => void,
): SettledMemory {
  const options = { ackDeadlineMs: 10_000, maxRememberedBytes: 3 * MEANT }
  const memory = createSettledMemory(options, createFakeClock())
  for (let n = 0; n < messages; n += 1) remember(memory, n)
  assert.ok(memory.recall(named(messages - 1)))
  assert.equal(memory.recall(named(0)), undefined)
  return memory
}

function refusals(n: number, count: number, letter: string): readonly EventOutcome[] {
  return Array.from({ length: count }, (_, index) =>
    rejected('refused_by_mixpanel', textOf(`${n} ${index}`, letter)),
  )
}

/** A text of its own, and not a rope of others. */
function textOf(start: string, letter: string): string {
  return Buffer.from(start.padEnd(1_000, letter)).toString()
}

/** A message whose ids are as long as Pub/Sub's. */
function named(n: number): NamedMessage {
  const ids = Buffer.from(`${n}`.padStart(60, '=')).toString()
  return { ids, message: aMessage({ messageId: ids }) }
}

function ackOf(): Settlement {
  return { kind: 'ack', reason: 'dead_lettered', status: 204 }
}

/**
 * The least of three readings. Compiled code may keep what it used on its stack, so the stack is empty
 * first. Buffers are given back by another thread, which a busy machine lets wait.
 */
async function heldBytes(): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let reading = 0; reading < 3; reading += 1) {
    await new Promise(setImmediate)
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    least = Math.min(least, heapUsed + arrayBuffers)
  }
  return least
}
