import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { MessageProgress } from '../src/message/message-progress.ts'
import type { Candidate, Line } from '../src/model/event.ts'
import type { Message } from '../src/model/message.ts'
import { type Dropped, IMPORTED, rejected, retry } from '../src/model/outcome.ts'
import type { MadeEvent, OutcomeSink } from '../src/model/pending-event.ts'
import type { Settlement } from '../src/model/settlement.ts'
import type { Totals } from '../src/telemetry/event-totals.ts'
import { aMessage, base64 } from './helpers/builders.ts'
import { createFakeClock } from './helpers/fake-clock.ts'
import { createLedgerScene, MINUTE_MS } from './helpers/ledger.ts'
import { createPath, eventText, type FakeAnswer, type PathChanges } from './helpers/path.ts'

const FATES = ['good', 'bad', 'dropped', 'refused'] as const
type Fate = (typeof FATES)[number]

interface Fault {
  readonly kind: 'none' | 'nack' | 'bug'
  readonly afterMs: number
}

const DROPPED: Dropped = { kind: 'dropped', rule: 'transform' }
const REFUSED = rejected('refused_by_mixpanel', 'no')
const NO_FAULT: Fault = { kind: 'none', afterMs: 0 }

const messages = fc.array(fc.array(fc.constantFrom(...FATES), { maxLength: 5 }), {
  minLength: 1,
  maxLength: 3,
})
const pushes = fc.array(
  fc.record({
    index: fc.nat(2),
    thenMs: fc.integer({ min: 0, max: 25_000 }),
    /** Whether a waiting push then wants what unattended work holds. */
    isTight: fc.boolean(),
  }),
  { minLength: 1, maxLength: 15 },
)
const faults = fc.array(
  fc.record({
    kind: fc.constantFrom('none' as const, 'nack' as const, 'bug' as const),
    afterMs: fc.integer({ min: 0, max: 12_000 }),
  }),
  { maxLength: 15 },
)
const stores = fc.array(fc.boolean(), { maxLength: 5 })
/** Portions of a message of up to six events, and how little may be under way before the next. */
const paces = fc.record({
  portionEvents: fc.integer({ min: 1, max: 7 }),
  windowBytes: fc.constantFrom(0, 1_000, 1e6),
})

const scenes = fc.record({ messages, faults, stores, pace: paces })

it('the books balance at every moment, and all comes to an end, whatever fails', () =>
  fc.assert(
    fc.asyncProperty(scenes, pushes, async ({ messages, faults, stores, pace }, pushes) => {
      const scene = createScene(messages, { faults: [...faults], stores: [...stores], pace })
      const { push, clock, eventTotals } = scene

      for (const { index, thenMs, isTight } of pushes) {
        await push(index % messages.length)
        assertBalance(eventTotals.snapshot(), scene.pending())
        await clock.advance(thenMs)
        if (isTight) scene.ledger.makeWay()
        assertBalance(eventTotals.snapshot(), scene.pending())
      }
      scene.endFaults()
      await clock.advance(MINUTE_MS)
      for (const index of messages.keys()) {
        const { answer } = await push(index)
        assert.match(answer, /^ack/)
      }

      assertBalance(eventTotals.snapshot(), 0)
      assert.deepEqual(scene.importedTwice, [])
      await clock.advance(MINUTE_MS)
      assert.deepEqual([scene.budget.held(), clock.pending()], [0, 0])
    }),
    { numRuns: 200 },
  ))

function assertBalance(totals: Totals, pending: number): void {
  const { received, imported, dead_lettered, dropped, returned } = totals
  assert.equal(totals.pending, pending)
  assert.equal(received, imported + dead_lettered + dropped + returned + pending)
}

interface Circumstances {
  readonly faults: Fault[]
  readonly stores: boolean[]
  readonly pace: Pick<PathChanges, 'portionEvents' | 'windowBytes'>
}

/**
 * The whole path, and beside it a count of its own: of each message under way, the events that it
 * has come to and that no earlier delivery of it had brought to their end.
 */
function createScene(
  messages: readonly (readonly Fate[])[],
  { faults, stores, pace }: Circumstances,
) {
  const clock = createFakeClock()
  const underWay = new Map<OutcomeSink, number>()
  const ended = new Map<string, Set<string>>()
  const importedBy = new Map<OutcomeSink, string[]>()
  const importedTwice: string[] = []
  const path = createPath({
    clock,
    answerTo,
    stages: { transform, storeRejected: async () => stores.shift() ?? true },
    maxEvents: 2,
    maxConcurrency: 2,
    ...pace,
  })
  const { eventTotals, budget, ledger, push } = createLedgerScene(settleMessage, {
    clock,
    review: path.batcher.review,
  })
  return {
    clock,
    eventTotals,
    budget,
    ledger,
    importedTwice,
    push: (index: number) => push(messageOf(index)),
    pending: () => [...underWay.values()].reduce((sum, count) => sum + count, 0),
    endFaults: () => {
      faults.length = 0
      stores.length = 0
    },
  }

  function messageOf(index: number): Message {
    const lines = messages[index]?.map((fate, n) => lineOf(fate, `${index} ${n}`)) ?? []
    // One good line, so that the others are not one bad text.
    return aMessage({
      messageId: `${index}`,
      data: base64([eventText(`${index} first good`), ...lines].join('\n')),
    })
  }

  async function settleMessage(progress: MessageProgress): Promise<Settlement> {
    const { messageId } = progress.message
    const before = ended.get(messageId) ?? new Set()
    const dropped: string[] = []
    const begin = progress.begin.bind(progress)
    underWay.set(progress, 0)
    progress.begin = (portion) => {
      const fresh = portion.events.map(nameOfEvent).filter((name) => !before.has(name))
      underWay.set(progress, (underWay.get(progress) ?? 0) + fresh.length)
      dropped.push(...fresh.filter((name) => name.includes('dropped')))
      return begin(portion)
    }
    try {
      const settlement = await path.settleMessage(progress)
      const imported = importedBy.get(progress) ?? []
      if (settlement.kind === 'ack') ended.delete(messageId)
      else ended.set(messageId, new Set([...before, ...dropped, ...imported]))
      return settlement
    } finally {
      underWay.delete(progress)
    }
  }

  function answerTo(): FakeAnswer {
    const { kind, afterMs } = faults.shift() ?? NO_FAULT
    return {
      afterMs,
      outcomeOf: (name, { sink }) => {
        if (kind === 'bug') throw new Error('a bug')
        if (kind === 'nack') return retry('mixpanel_unavailable')
        if (name.includes('refused')) return REFUSED
        // A work that a bug has ended is forgotten; what it still has in flight may be sent again.
        const known = underWay.has(sink) && ended.get(name.slice(0, 1))?.has(name)
        if (known) importedTwice.push(name)
        importedBy.set(sink, [...(importedBy.get(sink) ?? []), name])
        return IMPORTED
      },
    }
  }
}

function nameOfEvent({ line }: MadeEvent): string {
  if (!line?.text.endsWith('}')) return ''
  const { event }: { event: string } = JSON.parse(line.text)
  return event
}

function lineOf(fate: Fate, name: string): string {
  return fate === 'bad' ? '{"event":' : eventText(`${name} ${fate}`)
}

function transform(_: unknown, line: Line): Candidate[] | Dropped {
  if (line.text.includes('dropped')) return DROPPED
  return [{ line, child: 0, text: line.text, value: JSON.parse(line.text) }]
}
