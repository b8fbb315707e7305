import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLine } from '../../src/decode/parse-line.ts'
import { createPortions } from '../../src/message/portions.ts'
import type { Candidate, Decoded, Line } from '../../src/model/event.ts'
import type { Message } from '../../src/model/message.ts'
import { type Dropped, type Rejected, rejected, retry } from '../../src/model/outcome.ts'
import type { MadeEvent } from '../../src/model/pending-event.ts'
import { createEventsOf } from '../../src/pipeline.ts'
import { createPrepare, type PrepareOptions } from '../../src/prepare/prepare.ts'
import { aMessage } from '../helpers/builders.ts'
import { timedText } from '../helpers/path.ts'

const REPLAY = { id: '77-3-2', line: 3, ordinal: 1, replays: 0, pushedAs: '900' }
const DROPPED: Dropped = { kind: 'dropped', rule: 'bots' }
const FAILED = rejected('transform_failed', 'no')

describe('the replayed letter of one child', () => {
  const letterOf = (place: number) => ({ ...REPLAY, child: { place, of: 3 } })

  it('sends that child again, under its insert id, and none of the others', () => {
    const whole = madeOf(['x', 'y', 'a'], { makes: 3, insertId: 'message' })
    const replayed = madeOf(['a'], { makes: 3, insertId: 'message', replay: letterOf(2) })

    assert.deepEqual(replayed.map(shortOf), ['3: 2 of 3'])
    assert.deepEqual(replayed.map(idOf), [whole.map(idOf).at(-2)])
  })

  it('sends the children that a mended transform makes beyond those of the letter', () => {
    const replayed = madeOf(['a'], { makes: 5, replay: letterOf(2) })

    assert.deepEqual(replayed.map(shortOf), ['3: 2 of 3', '3: 4 of 5', '3: 5 of 5'])
  })

  for (const insertId of ['message', 'content'] as const) {
    it(`gives children of equal lines different insert ids, by ${insertId}`, () => {
      const idsOf = (line: number): readonly string[] => {
        const replay = { ...letterOf(2), id: `77-${line}-2`, line }
        return madeOf(['a'], { makes: 4, insertId, replay }).map(idOf)
      }

      assert.equal(new Set([...idsOf(3), ...idsOf(4)]).size, 4)
      assert.deepEqual(idsOf(3), idsOf(3))
    })
  }

  it('sends the only event that a mended transform makes as the first child', () => {
    assert.deepEqual(madeOf(['a'], { makes: 1, replay: letterOf(1) }).map(shortOf), ['3: 1 of 3'])
  })

  it('is dropped when a mended transform makes no such child', () => {
    const replayed = madeOf(['a'], { makes: 1, replay: letterOf(2) })

    assert.deepEqual(replayed.map(shortOf), ['3: 2 of 3'])
    assert.deepEqual(
      replayed.map(({ step }) => step),
      [{ kind: 'dropped', rule: 'transform' }],
    )
  })

  for (const [what, end] of [
    ['dropped', DROPPED],
    ['rejected', FAILED],
  ] as const) {
    it(`keeps its place when its line is ${what} as a whole`, () => {
      const replayed = madeOf(['a'], { makes: end, replay: letterOf(2) })

      assert.deepEqual(replayed.map(shortOf), ['3: 2 of 3'])
      assert.deepEqual(
        replayed.map(({ step }) => step),
        [end],
      )
    })
  }
})

describe('the replayed letter of a whole message', () => {
  it('sends all of its lines', () => {
    const replayed = madeOf(['a', 'b'], { replay: { ...REPLAY, id: '77-0', line: 0 } })

    assert.deepEqual(replayed.map(shortOf), ['1: 0 of -', '2: 0 of -'])
  })
})

describe('the replayed letter of many events', () => {
  const replay = { ...REPLAY, id: '77-0', line: 0, lines: [{ from: 2, to: 3 }] }

  it('sends the lines that it names, and no other', () => {
    const replayed = madeOf(['a', 'b', 'c', 'd'], { replay })

    assert.deepEqual(replayed.map(shortOf), ['2: 0 of -', '3: 0 of -'])
  })

  it('sends the lines that it names when the last of them ends its data', () => {
    const replayed = madeOf(['a', 'b', 'c'], { replay })

    assert.deepEqual(replayed.map(shortOf), ['2: 0 of -', '3: 0 of -'])
  })

  it('sends its lines from the first that it names on when it names all to the end', () => {
    const lines = [{ from: 2, to: 999_999_999 }]

    const replayed = madeOf(['a', 'b', 'c'], { replay: { ...replay, lines } })

    assert.deepEqual(replayed.map(shortOf), ['2: 0 of -', '3: 0 of -'])
  })

  it('sends its only line when it stands for many events of one line', () => {
    const lines = [{ from: 3, to: 3 }]

    const replayed = madeOf(['a'], { replay: { ...replay, line: 3, lines } })

    assert.deepEqual(replayed.map(shortOf), ['3: 0 of -'])
  })

  for (const [lack, names] of [
    ['some', ['a', 'b']],
    ['all', ['a']],
  ] as const) {
    it(`is rejected as a whole when its data lacks ${lack} of the lines that it names`, () => {
      const [only, ...others] = madeOf(names, { replay })

      assert.deepEqual(others, [])
      assert.deepEqual(
        only?.step,
        rejected('invalid_event', 'the letter names lines that its data does not have'),
      )
    })
  }

  it('sends the lines before a fault that hides the others', () => {
    const text = timedText('a')
    const bytes = Buffer.from(`[${text},{]`)
    const first = { number: 1, start: 1, end: 1 + text.length }
    const parsed = rejected('invalid_json', 'no')
    const rest = {
      number: 2,
      start: first.end + 1,
      end: bytes.length,
      parsed,
      isRest: true as const,
    }
    const body = { bytes, isUtf8: true }

    const portions = createPortionsOf(
      { kind: 'lines', body, lines: [first, rest] },
      { replay: { ...replay, lines: [{ from: 1, to: 3 }] } },
    )

    assert.deepEqual(portions.next().events.map(shortOf), ['1: 0 of -', '2: 0 of -'])
  })

  it('keeps its own reason when its data cannot be read', () => {
    const outcome = rejected('unreadable_data', 'the data is not base64')

    const { events } = createPortionsOf({ kind: 'undecodable', outcome }, { replay }).next()

    assert.deepEqual(events, [{ child: 0, step: outcome }])
  })

  it('sends them under their insert ids, with the equal events after the first', () => {
    const names = ['a', 'a', 'a', 'a']

    const whole = madeOf(names, {})
    const replayed = madeOf(names, { replay })

    assert.equal(new Set(whole.map(idOf)).size, 4)
    assert.deepEqual(replayed.map(idOf), whole.map(idOf).slice(1))
  })
})

describe('the events of a message', () => {
  it('are numbered among those of their line when the transform makes several', () => {
    const made = madeOf(['a', 'b'], { makes: 2 })

    assert.deepEqual(made.map(shortOf), ['1: 1 of 2', '1: 2 of 2', '2: 1 of 2', '2: 2 of 2'])
  })

  it('go on after the lines that are skipped', () => {
    const portions = portionsOf(['a', 'b', 'c', 'd'], {}, 1)

    portions.skip(2)
    const [third, last] = [portions.next(), portions.next()]
    const none = portions.next()

    assert.deepEqual([...third.events, ...last.events].map(shortOf), ['3: 0 of -', '4: 0 of -'])
    assert.deepEqual([third.isLast, last.isLast], [false, true])
    assert.deepEqual([third.lines, last.lines], [1, 1])
    assert.deepEqual(none, { events: [], lines: 0, isLast: true, hasPassed: false })
  })

  it('come after at most as many lines as a portion has events, when lines make none', () => {
    const portions = portionsOf(['a', 'b', 'c'], { makes: 0 }, 2)

    assert.deepEqual(portions.next(), { events: [], lines: 2, isLast: false, hasPassed: false })
    assert.deepEqual(portions.next(), { events: [], lines: 1, isLast: true, hasPassed: false })
  })

  for (const [what, makes, hasPassed] of [
    ['passed', 1, true],
    ['was dropped by a rule', { kind: 'dropped', rule: 'transform' }, true],
    ['was rejected', rejected('transform_failed', 'no'), false],
  ] as const) {
    it(`have ${hasPassed ? 'passed' : 'not passed'} when one of them ${what}`, () => {
      assert.equal(portionsOf(['a'], { makes }, 1).next().hasPassed, hasPassed)
    })
  }

  it('are none when all lines are skipped', () => {
    const portions = portionsOf(['a', 'b'], {}, 1)

    portions.skip(2)

    assert.deepEqual(portions.next(), { events: [], lines: 0, isLast: true, hasPassed: false })
  })

  for (const [keepsEvents, rule] of [
    [true, 'are returned again when they were kept'],
    [false, 'are made again when they were not kept'],
  ] as const) {
    it(rule, () => {
      const portions = portionsOf(['a', 'b'], { keepsEvents }, 2)
      const only = portions.next()

      const again = portions.again().next()

      assert.deepEqual(again, only)
      assert.equal(again === only, keepsEvents)
    })
  }

  it('are made again from the first on when they were several portions', () => {
    const portions = portionsOf(['a', 'b', 'c'], { keepsEvents: true }, 2)
    const all = [portions.next(), portions.next()]

    const { next } = portions.again()

    assert.deepEqual([next(), next()], all)
  })

  it('are made again from the first on when lines were skipped', () => {
    const portions = portionsOf(['a', 'b'], { keepsEvents: true }, 1)
    portions.skip(1)
    portions.next()

    const again = portions.again().next()

    assert.deepEqual(again.events.map(shortOf), ['1: 0 of -'])
  })

  it('are one, without a line, when the data cannot be read', () => {
    const outcome = rejected('unreadable_data', 'the data is not base64')

    const portions = createPortionsOf({ kind: 'undecodable', outcome })

    for (const { next } of [portions, portions.again()]) {
      assert.deepEqual(next(), {
        events: [{ child: 0, step: outcome }],
        lines: 0,
        isLast: true,
        hasPassed: false,
      })
    }
  })

  it('are one that comes again when the data could not be read in time', () => {
    const portion = createPortionsOf({ kind: 'out_of_time' }).next()

    assert.deepEqual(portion.events, [{ child: 0, step: retry('overloaded') }])
  })
})

interface Scene {
  /** The number of events that the transform makes of each line, or its other outcome. */
  readonly makes?: number | Dropped | Rejected
  readonly insertId?: PrepareOptions['insertId']
  readonly replay?: Message['replay']
  readonly keepsEvents?: boolean
}

function madeOf(names: readonly string[], scene: Scene): readonly MadeEvent[] {
  return portionsOf(names, scene, 1_000).next().events
}

/** Makes the portions of a message of good events with these names. */
function portionsOf(names: readonly string[], scene: Scene, events: number) {
  const bytes = Buffer.from(names.map(timedText).join('\n'))
  const lines = names.map((name, index) => {
    const { length } = timedText(name)
    const start = index * (length + 1)
    return { number: index + 1, start, end: start + length }
  })
  return createPortionsOf({ kind: 'lines', body: { bytes, isUtf8: true }, lines }, scene, events)
}

function createPortionsOf(decoded: Decoded, scene: Scene = {}, events = 1_000) {
  const { makes = 1, insertId = 'content', replay, keepsEvents = false } = scene
  const message = aMessage({ messageId: '77', ...(replay && { replay }) })
  const transform = (value: unknown, line: Line): readonly Candidate[] | Dropped | Rejected => {
    if (typeof makes !== 'number') return makes
    return Array.from({ length: makes }, (_, at) => {
      return { line, child: makes === 1 ? 0 : at + 1, text: line.text, value }
    })
  }
  const eventsOf = createEventsOf({
    parse: parseLine,
    transform,
    prepare: createPrepare({ insertId }),
  })
  return createPortions(decoded, message, {
    eventsOf,
    size: { events, characters: 1e6 },
    keepsEvents,
  })
}

function shortOf({ line, child, children }: MadeEvent): string {
  return `${line?.number}: ${child} of ${children ?? '-'}`
}

function idOf({ step }: MadeEvent): string {
  return step.kind === 'prepared' ? step.insertId : step.kind
}
