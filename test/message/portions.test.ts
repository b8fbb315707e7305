import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Candidate, Line } from '../../src/model/event.ts'
import {
  type Dropped,
  type EventOutcome,
  IMPORTED,
  rejected,
  retry,
} from '../../src/model/outcome.ts'
import type { RejectedEvent } from '../../src/model/pending-event.ts'
import { aMessage, base64 } from '../helpers/builders.ts'
import { settlePromises } from '../helpers/fake-clock.ts'
import { outcomesOf } from '../helpers/outcomes.ts'
import { aProgress, createPath, type PathChanges, timedText } from '../helpers/path.ts'

const DROPPED: Dropped = { kind: 'dropped', rule: 'transform' }
const OUTCOMES: Readonly<Record<string, EventOutcome>> = {
  refused: rejected('refused_by_mixpanel', 'no'),
  late: retry('throttled'),
}

/** Equal events with times of their own, too: ids of the content must tell them apart. */
const lines = fc.array(fc.constantFrom('good', 'good', 'dropped', 'twins', 'refused', 'bad', ''), {
  maxLength: 12,
})
const forms = fc.constantFrom('lines', 'array')
const modes = fc.constantFrom('message' as const, 'content' as const)
const sizes = fc.record({
  portionEvents: fc.integer({ min: 1, max: 5 }),
  portionCharacters: fc.constantFrom(1, 150, 1_000),
  windowBytes: fc.constantFrom(0, 1_000),
})

it('a message in portions sends the same events, in the same order, with the same outcomes', () =>
  fc.assert(
    fc.asyncProperty(
      lines,
      forms,
      modes,
      sizes,
      fc.boolean(),
      async (names, form, mode, size, late) => {
        const data = base64(textOf(late ? [...names, 'late'] : names, form))

        const whole = await settled(data, { insertId: mode })
        const inPortions = await settled(data, { insertId: mode, ...size })

        assert.deepEqual(inPortions, whole)
      },
    ),
    { numRuns: 300 },
  ))

describe('a message that is imported in portions', () => {
  const LINE = timedText('e-1')

  for (const [by, size] of [
    ['events', { portionEvents: 3 }],
    ['characters', { portionCharacters: 3 * LINE.length }],
    ['characters, with the line that goes beyond', { portionCharacters: 2 * LINE.length + 1 }],
  ] as const) {
    it(`makes no portion before the one that is full by ${by} has its outcomes`, async () => {
      const names = Array.from({ length: 7 }, (_, index) => `e-${index}`)
      const answerTo = () => ({ afterMs: 1_000 })
      const path = createPath({ ...size, answerTo, windowBytes: 0 })
      const data = base64(names.map(timedText).join('\n'))

      const settlement = path.settleMessage(aProgress(aMessage({ data })))
      const sent: number[] = []
      for (let portion = 1; portion <= 3; portion += 1) {
        await settlePromises()
        sent.push(path.sent.length)
        await path.clock.advance(1_000)
      }

      assert.deepEqual(sent, [3, 6, 7])
      assert.equal((await settlement).kind, 'ack')
    })
  }

  it('has all children of a line in one portion', async () => {
    const path = createPath({
      portionEvents: 2,
      windowBytes: 0,
      answerTo: () => ({ afterMs: 1_000 }),
      stages: { transform },
    })

    void path.settleMessage(aProgress(aMessage({ data: base64(textOf(['twins', 'a'], 'lines')) })))
    await settlePromises()

    assert.deepEqual(path.sent, ['twins', 'twins'])
  })
})

async function settled(data: string, changes: PathChanges) {
  const sent: string[] = []
  const letters: RejectedEvent[] = []
  const path = createPath({
    ...changes,
    answerTo: () => ({
      outcomeOf: (name, { prepared }) => {
        sent.push(prepared.text)
        return OUTCOMES[name] ?? IMPORTED
      },
    }),
    stages: {
      transform,
      storeRejected: async (_, rejected) => {
        letters.push(...rejected)
        return true
      },
    },
  })
  const progress = aProgress(aMessage({ data }))
  const settlement = await path.settleMessage(progress)
  const outcomes = outcomesOf(progress.outcomes)
  return { settlement, sent, letters, outcomes, kinds: progress.outcomes.distinct() }
}

function textOf(names: readonly string[], form: 'lines' | 'array'): string {
  const texts = names.map((name) => (name === 'bad' ? '{"event":' : name && timedText(name)))
  if (form === 'lines') return texts.join('\n')
  return `[${texts.filter((text) => text.endsWith('}')).join(',')}]`
}

function transform(value: unknown, line: Line): readonly Candidate[] | Dropped {
  const candidate = { line, child: 0, text: line.text, value }
  if (line.text.includes('dropped')) return DROPPED
  if (!line.text.includes('twins')) return [candidate]
  return [
    { ...candidate, child: 1 },
    { ...candidate, child: 2 },
  ]
}
