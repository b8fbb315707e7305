import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createLetterTally } from '../src/dead-letter/letter-tally.ts'
import { parseLine } from '../src/decode/parse-line.ts'
import type { MessageProgress } from '../src/message/message-progress.ts'
import type { Candidate, Line } from '../src/model/event.ts'
import type { Message } from '../src/model/message.ts'
import { type Dropped, type EventOutcome, IMPORTED, rejected, retry } from '../src/model/outcome.ts'
import type { PendingEvent, RejectedEvent } from '../src/model/pending-event.ts'
import type { Settlement } from '../src/model/settlement.ts'
import type { Stages } from '../src/pipeline.ts'
import { asPublished } from '../src/transform/transform.ts'
import { aMessage, base64 } from './helpers/builders.ts'
import { createFakeClock, settlePromises } from './helpers/fake-clock.ts'
import { earlierWith, outcomesOf } from './helpers/outcomes.ts'
import {
  aProgress,
  createPath,
  dataOf,
  eventText,
  type PathChanges,
  tallyAsLarge,
} from './helpers/path.ts'

const DROPPED: Dropped = { kind: 'dropped', rule: 'transform' }
const BAD_LINE = '{"event":'

const settle = (message: Partial<Message>, changes: PathChanges = {}) => {
  const path = createPath(changes)
  const progress = aProgress(aMessage(message))
  return { ...path, progress, settlement: path.settleMessage(progress) }
}

describe('the path of a message', () => {
  it('imports every event of the message, then acks', async () => {
    const { settlement, sent } = settle({ data: dataOf('a', 'b', 'c') })

    assert.equal(answerOf(await settlement), 'ack imported')
    assert.deepEqual(sent, ['a', 'b', 'c'])
  })

  it('does not ack before Mixpanel has answered for the last event', async () => {
    const answerTo = ([name]: readonly string[]) => ({ afterMs: name === 'b' ? 200 : 100 })
    const { settlement, clock } = settle({ data: dataOf('a', 'b') }, { answerTo, maxEvents: 1 })
    const end = watch(settlement)

    await clock.advance(199)
    assert.deepEqual(end, { kind: 'waiting' })
    await clock.advance(1)

    assert.deepEqual(end, { kind: 'ack imported' })
  })

  it('rejects a bad line alone', async () => {
    const data = base64([eventText('a'), BAD_LINE, eventText('b')].join('\n'))

    const { settlement, sent, stored } = settle({ data })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(sent, ['a', 'b'])
    assert.deepEqual(stored, [{ line: { number: 2, text: BAD_LINE }, child: 0 }])
  })

  it('rejects an event that prepare refuses alone', async () => {
    const data = base64([eventText('a'), '{"event":"b"}', eventText('c')].join('\n'))

    const { settlement, sent, progress } = settle({ data })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(sent, ['a', 'c'])
    assert.deepEqual(kindsOf(progress), ['imported', 'rejected', 'imported'])
  })

  it('rejects an event that Mixpanel refuses alone', async () => {
    const answerTo = () => ({ outcomeOf: (name: string) => (name === 'b' ? REFUSED : IMPORTED) })

    const { settlement, stored } = settle({ data: dataOf('a', 'b', 'c') }, { answerTo })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(
      stored.map(({ line }) => line?.number),
      [2],
    )
  })

  it('sends nothing for an event that the transform drops', async () => {
    const transform = (_: unknown, line: Line) => (line.number === 1 ? DROPPED : asIs(line))

    const { settlement, sent, progress } = settle(
      { data: dataOf('a', 'b') },
      { stages: { transform } },
    )

    assert.equal(answerOf(await settlement), 'ack imported')
    assert.deepEqual(sent, ['b'])
    assert.deepEqual(kindsOf(progress), ['dropped', 'imported'])
  })

  it('rejects an event that the transform fails on alone', async () => {
    const failed = rejected('transform_failed', 'no')
    const transform = (_: unknown, line: Line) => (line.number === 1 ? failed : asIs(line))

    const { settlement, sent, stored } = settle(
      { data: dataOf('a', 'b') },
      { stages: { transform } },
    )

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(sent, ['b'])
    assert.deepEqual(stored, [{ line: { number: 1, text: eventText('a') }, child: 0 }])
  })

  it('imports each child that the transform makes of an event, and rejects each alone', async () => {
    const texts = [eventText('one'), '{"event":"two"}', eventText('three')]
    const transform = (_: unknown, line: Line): Candidate[] =>
      texts.map((text, index) => ({ line, child: index + 1, text, value: JSON.parse(text) }))

    const { settlement, sent, stored } = settle({ data: dataOf('a') }, { stages: { transform } })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(sent, ['one', 'three'])
    assert.deepEqual(stored, [{ line: { number: 1, text: eventText('a') }, child: 2 }])
  })

  it('rejects data that is not text as one event', async () => {
    const { settlement, stored, progress } = settle({ data: base64(new Uint8Array([0xff, 0x0a])) })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(stored, [{ line: undefined, child: 0 }])
    assert.deepEqual(kindsOf(progress), ['rejected'])
  })

  it('acks a message without data', async () => {
    const { settlement, progress } = settle({ data: '', attributes: { kind: 'ping' } })

    assert.equal(answerOf(await settlement), 'ack empty')
    assert.deepEqual(outcomesOf(progress.outcomes), [])
  })

  it('imports what the transform makes of a message without data', async () => {
    const transform: Stages['transform'] = (_value, line, { attributes }) => {
      const text = eventText(attributes.kind ?? '')
      return [{ line, child: 0, text, value: JSON.parse(text) }]
    }

    const { settlement, sent } = settle(
      { data: '', attributes: { kind: 'ping' } },
      { stages: { transform } },
    )

    assert.equal(answerOf(await settlement), 'ack imported')
    assert.deepEqual(sent, ['ping'])
  })

  it('counts an event without data, and its dead letter, as the first line of the message', async () => {
    const ids: string[] = []
    const transform: Stages['transform'] = (_value, line) =>
      ['a', 'refused'].map((name, index) => {
        const text = eventText(name)
        return { line, child: index + 1, text, value: JSON.parse(text) }
      })
    const outcomeOf = (name: string, { prepared }: PendingEvent) => {
      ids.push(prepared.insertId)
      return name === 'a' ? IMPORTED : REFUSED
    }

    const { settlement, stored } = settle(
      { data: '', messageId: '123' },
      { answerTo: () => ({ outcomeOf }), stages: { transform } },
    )

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.equal(ids[0], '123-1')
    assert.deepEqual(stored, [{ line: { number: 1, text: '' }, child: 2 }])
  })

  it('acks a message of blank lines', async () => {
    const { settlement } = settle({ data: base64('\n \n') })

    assert.equal(answerOf(await settlement), 'ack empty')
  })

  it('nacks a message that could not be inflated in time', async () => {
    const decode = async () => ({ kind: 'out_of_time' }) as const

    const { settlement, sent, progress } = settle({}, { stages: { decode } })

    assert.equal(answerOf(await settlement), 'nack overloaded')
    assert.deepEqual([sent, kindsOf(progress)], [[], ['retry']])
  })

  it('rejects when the delivery throws', async () => {
    const answerTo = () => {
      throw new Error('a bug')
    }

    const { settlement } = settle({}, { answerTo })

    await assert.rejects(settlement, /a bug/)
  })
})

describe('a message that an earlier delivery has settled in part', () => {
  const message = aMessage({ data: dataOf('a', 'b', 'c') })
  const earlier = earlierWith([IMPORTED], [IMPORTED], [retry('deadline')])

  for (const [insertId, read] of [
    ['message', [3]],
    ['content', [1, 2, 3]],
  ] as const) {
    it(`is read from line ${read[0]} on when insert ids are made of the ${insertId}`, async () => {
      const lines: number[] = []
      const readAndNote: Stages['parse'] = (body, place) => {
        lines.push(place.number)
        return parseLine(body, place)
      }
      const { settleMessage, sent } = createPath({
        insertId,
        portionEvents: 1,
        stages: { parse: readAndNote },
      })

      const settlement = await settleMessage(aProgress(message, { earlier }))

      assert.equal(answerOf(settlement), 'ack imported')
      assert.deepEqual([lines, sent], [read, ['c']])
    })
  }
})

describe('a message of several portions', () => {
  it('is nacked when its time is up before its last portion, which is not made', async () => {
    const clock = createFakeClock()
    let made = 0
    const path = createPath({
      clock,
      stages: {
        transform: (_, line) => {
          made += 1
          return asIs(line)
        },
      },
      portionEvents: 1,
      windowBytes: 0,
      answerTo: () => ({ afterMs: 40 }),
    })
    const progress = aProgress(aMessage({ data: dataOf('a', 'b', 'c', 'd') }), {
      deliverBy: 100,
      endBy: 100,
      now: clock.monotonic,
    })

    const settlement = path.settleMessage(progress)
    await clock.advance(1_000)

    assert.equal(answerOf(await settlement), 'nack deadline')
    assert.deepEqual([path.sent, made], [['a', 'b', 'c'], 3])
  })
})

describe('the dead letters of a message', () => {
  const data = base64([eventText('a'), BAD_LINE].join('\n'))

  it('are stored once Mixpanel has answered, and acked once they are stored', async () => {
    const storing = Promise.withResolvers<boolean>()
    let asked = 0
    const storeRejected = () => {
      asked += 1
      return storing.promise
    }
    const answerTo = () => ({ afterMs: 100 })
    const { settlement, clock } = settle({ data }, { answerTo, stages: { storeRejected } })
    const end = watch(settlement)

    await clock.advance(99)
    assert.deepEqual([asked, end], [0, { kind: 'waiting' }])
    await clock.advance(60_000)
    assert.deepEqual([asked, end], [1, { kind: 'waiting' }])
    storing.resolve(true)
    await settlePromises()

    assert.deepEqual([asked, end], [1, { kind: 'ack dead_lettered' }])
  })

  it('are not stored while another of its events is to be retried', async () => {
    const answerTo = () => ({ outcomeOf: () => retry('throttled') })

    const { settlement, stored } = settle({ data }, { answerTo })

    assert.equal(answerOf(await settlement), 'nack throttled')
    assert.deepEqual(stored, [])
  })

  it('make the message come again when they cannot be stored', async () => {
    const storeRejected = async () => false

    const { settlement, progress } = settle({ data }, { stages: { storeRejected } })

    assert.equal(answerOf(await settlement), 'nack dead_letter_unavailable')
    assert.deepEqual(
      outcomesOf(progress.outcomes).filter(({ kind }) => kind !== 'imported'),
      [retry('dead_letter_unavailable')],
    )
  })

  it('are not written when no event was rejected', async () => {
    let asked = 0
    const storeRejected = async () => {
      asked += 1
      return true
    }

    const { settlement } = settle({}, { stages: { storeRejected } })

    assert.equal(answerOf(await settlement), 'ack imported')
    assert.equal(asked, 0)
  })
})

describe('the dead letters of a message, and the guard', () => {
  const bad = base64('{"event":"a"}\n{"event":"b"}')

  it('wait for the guard when no event passed, and are not stored when it refuses', async () => {
    const asked = Promise.withResolvers<boolean>()
    const letterGuard = aGuard({ waitForLeave: () => asked.promise })
    const { settlement, stored } = settle({ data: bad }, { stages: { letterGuard } })
    const end = watch(settlement)
    await settlePromises()
    assert.deepEqual(end, { kind: 'waiting' })

    asked.resolve(false)

    assert.equal(answerOf(await settlement), 'nack all_rejected')
    assert.deepEqual(stored, [])
  })

  it('are stored when no event passed and the guard allows it', async () => {
    const letterGuard = aGuard({ waitForLeave: async () => true })

    const { settlement, stored } = settle({ data: bad }, { stages: { letterGuard } })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.equal(stored.length, 2)
  })

  for (const [portion, lines] of [
    ['first', [eventText('a'), BAD_LINE]],
    ['last', [BAD_LINE, eventText('a')]],
  ] as const) {
    it(`are stored without asking the guard when an event of the ${portion} portion was sent and refused`, async () => {
      const { settlement, stored } = settle(
        { data: base64(lines.join('\n')) },
        {
          portionEvents: 1,
          answerTo: () => ({ outcomeOf: () => REFUSED }),
          stages: { letterGuard: aGuard() },
        },
      )

      assert.equal(answerOf(await settlement), 'ack dead_lettered')
      assert.equal(stored.length, 2)
    })
  }

  for (const [what, ended] of [
    ['imported', IMPORTED],
    ['dropped', DROPPED],
  ] as const) {
    it(`are stored without asking the guard when an earlier delivery has ${what} an event`, async () => {
      const data = base64([eventText('a'), BAD_LINE].join('\n'))
      const { settleMessage, stored, sent } = createPath({
        portionEvents: 1,
        stages: { letterGuard: aGuard() },
      })
      const earlier = earlierWith([ended], [rejected('invalid_json', 'no')])

      const settlement = await settleMessage(aProgress(aMessage({ data }), { earlier }))

      assert.equal(answerOf(settlement), 'ack dead_lettered')
      assert.deepEqual(
        stored.map(({ line }) => line?.number),
        [2],
      )
      assert.deepEqual(sent, [])
    })
  }

  for (const [lines, hasAsked, noted] of [
    [[eventText('a')], true, 1],
    [[BAD_LINE, eventText('a'), BAD_LINE], true, 1],
    [[eventText('a'), eventText('b')], true, 2],
    [[BAD_LINE, BAD_LINE], true, 0],
    [[eventText('a')], false, 0],
  ] as const) {
    const asked = hasAsked ? 'a message has asked' : 'no message has asked'
    it(`note ${noted} portions with an event that passed, of ${lines.length}, when ${asked}`, async () => {
      let passes = 0
      const letterGuard = aGuard({
        hasAsked,
        passed: () => {
          passes += 1
        },
        waitForLeave: async () => true,
      })

      const { settlement } = settle(
        { data: base64(lines.join('\n')) },
        { portionEvents: 1, stages: { letterGuard } },
      )

      assert.equal((await settlement).kind, 'ack')
      assert.equal(passes, noted)
    })
  }

  it('are reported to the guard when they cannot be stored', async () => {
    const notStored: string[] = []
    const letterGuard = aGuard({
      waitForLeave: async () => true,
      notStored: ({ messageId }) => notStored.push(messageId),
    })
    const storeRejected = async () => false

    const { settlement } = settle(
      { data: bad, messageId: '7' },
      { stages: { letterGuard, storeRejected } },
    )

    assert.equal(answerOf(await settlement), 'nack dead_letter_unavailable')
    assert.deepEqual(notStored, ['7'])
  })

  it('make the message come again when its time ends before they are stored', async () => {
    let now = 0
    const letterGuard = aGuard({
      waitForLeave: async () => {
        now = 10
        return true
      },
    })
    const { settleMessage, stored } = createPath({ stages: { letterGuard } })
    const progress = aProgress(aMessage({ data: bad }), { deliverBy: 5, endBy: 10, now: () => now })

    assert.equal(answerOf(await settleMessage(progress)), 'nack deadline')
    assert.deepEqual(stored, [])
  })

  it('are not stored when rejected events go to the subscription', async () => {
    const { settlement, stored } = settle({ data: bad }, { rejectedRoute: 'to_subscription' })

    assert.equal(answerOf(await settlement), 'nack invalid_event')
    assert.deepEqual(stored, [])
  })

  it('wait for the guard as well when rejected events go to the subscription', async () => {
    const letterGuard = aGuard({ waitForLeave: async () => false })

    const { settlement } = settle(
      { data: bad },
      { rejectedRoute: 'to_subscription', stages: { letterGuard } },
    )

    assert.equal(answerOf(await settlement), 'nack all_rejected')
  })

  it('are made from the events that were sent when the message has one portion', async () => {
    const made: number[] = []
    const transform = (_: unknown, line: Line) => {
      made.push(line.number)
      return asIs(line)
    }

    const { settlement, stored } = settle({ data: bad }, { stages: { transform } })

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual([made, stored.length], [[1, 2], 2])
  })

  it('are written only for portions in which an event was rejected', async () => {
    const asked: number[] = []
    const data = base64([eventText('a'), BAD_LINE, eventText('b')].join('\n'))
    const storeRejected = async (_: Message, rejected: readonly RejectedEvent[]) => {
      asked.push(rejected.length)
      return true
    }

    const { settlement } = settle(
      { data },
      { portionEvents: 1, stages: { storeRejected, tallyLetters: tallyAsLarge } },
    )

    assert.equal(answerOf(await settlement), 'ack dead_lettered')
    assert.deepEqual(asked, [1])
  })

  it('are measured with the bytes of the decoded data', async () => {
    const measured: number[] = []
    const tallyLetters: Stages['tallyLetters'] = (message, decodedBytes) => {
      measured.push(decodedBytes)
      return createLetterTally(message, decodedBytes)
    }

    await settle({ data: bad }, { stages: { tallyLetters } }).settlement
    await settle({ data: 'no base64' }, { stages: { tallyLetters } }).settlement

    assert.deepEqual(measured, [Buffer.from(bad, 'base64').length, 0])
  })
})

describe('the transform of an owner', () => {
  for (const [keepsEvents, calls] of [
    [true, 2],
    [false, 4],
  ] as const) {
    it(`is called ${calls} times for two events, one rejected, when events are ${keepsEvents ? '' : 'not '}kept`, async () => {
      let called = 0
      const transform: Stages['transform'] = (value, line, message) => {
        called += 1
        return asPublished(value, line, message)
      }
      const answerTo = () => ({ outcomeOf: (name: string) => OUTCOMES[name] ?? IMPORTED })
      const data = base64([eventText('good'), eventText('refused')].join('\n'))

      const { settlement, stored } = settle(
        { data },
        { answerTo, keepsEvents, stages: { transform } },
      )

      assert.equal((await settlement).kind, 'ack')
      assert.deepEqual(
        stored.map(({ line }) => line?.number),
        [2],
      )
      assert.equal(called, calls)
    })
  }
})

describe('the rules of an owner', () => {
  for (const keepsEvents of [true, false]) {
    it(`count each event once, when rejected events are ${keepsEvents ? '' : 'not '}kept`, async () => {
      const counts: string[] = []
      const transform: Stages['transform'] = (value, line, message, count) => {
        count?.(`rule ${line.number}`, 'matched')
        return asPublished(value, line, message)
      }
      const countRule: Stages['countRule'] = (rule, effect) => counts.push(`${rule} ${effect}`)
      const data = base64([eventText('good'), eventText('refused')].join('\n'))
      const answerTo = () => ({ outcomeOf: (name: string) => OUTCOMES[name] ?? IMPORTED })

      const { settlement, stored } = settle(
        { data },
        { answerTo, keepsEvents, stages: { transform, countRule } },
      )

      assert.equal((await settlement).kind, 'ack')
      assert.equal(stored.length, 1)
      assert.deepEqual(counts, ['rule 1 matched', 'rule 2 matched'])
    })
  }
})

describe('the events of a message, whatever their outcomes', () => {
  const fates = fc.array(fc.constantFrom('good', 'bad', 'dropped', 'refused', 'retry'))
  const paces = fc.record({ maxEvents: fc.integer({ min: 1, max: 4 }), keepsEvents: fc.boolean() })

  it('each get one outcome, are sent at most once, and are stored only with an ack', () =>
    fc.assert(
      fc.asyncProperty(fates, paces, fc.boolean(), async (fates, pace, storable) => {
        const data = base64(fates.map(lineOf).join('\n'))
        const letters: RejectedEvent[] = []
        const storeRejected = async (_: Message, rejected: readonly RejectedEvent[]) => {
          letters.push(...rejected)
          return storable
        }
        const transform = (value: unknown, line: Line, message: Message) =>
          fates[line.number - 1] === 'dropped' ? DROPPED : asPublished(value, line, message)
        const answerTo = () => ({ outcomeOf: (name: string) => OUTCOMES[name] ?? IMPORTED })

        const { settlement, sent, progress } = settle(
          { data },
          { answerTo, ...pace, stages: { transform, storeRejected } },
        )

        const { kind } = await settlement
        assert.equal(outcomesOf(progress.outcomes).length, isOneBadText(fates) ? 1 : fates.length)
        assert.deepEqual(
          sent,
          fates.filter((fate) => fate !== 'bad' && fate !== 'dropped'),
        )
        const again = fates.includes('retry')
        const refused = fates.some((fate) => fate === 'bad' || fate === 'refused')
        assert.equal(kind, again || (refused && !storable) ? 'nack' : 'ack')
        assert.equal(letters.length > 0, refused && !again)
      }),
    ))
})

const REFUSED = rejected('refused_by_mixpanel', 'no')
const OUTCOMES: Readonly<Record<string, EventOutcome>> = {
  refused: REFUSED,
  retry: retry('mixpanel_timeout'),
}

/** A text in which nothing is JSON is one bad line. */
function isOneBadText(fates: readonly string[]): boolean {
  return fates.length > 0 && fates.every((fate) => fate === 'bad')
}

function lineOf(fate: string): string {
  return fate === 'bad' ? BAD_LINE : eventText(fate)
}

function asIs(line: Line): Candidate[] {
  return [{ line, child: 0, text: line.text, value: JSON.parse(line.text) }]
}

/** Makes a guard that no message has asked. The test fails when it is asked, unless changed. */
function aGuard(changes: Partial<Stages['letterGuard']> = {}): Stages['letterGuard'] {
  return {
    hasAsked: false,
    passed: () => {},
    waitForLeave: () => assert.fail('the guard is asked'),
    notStored: () => {},
    ...changes,
  }
}

function answerOf({ kind, reason }: Settlement): string {
  return `${kind} ${reason}`
}

/** Returns the state of a settlement. The state changes when it settles. */
function watch(settlement: Promise<Settlement>): { kind: string } {
  const end = { kind: 'waiting' }
  void settlement.then((settled) => {
    end.kind = answerOf(settled)
  })
  return end
}

function kindsOf(progress: MessageProgress): readonly string[] {
  return outcomesOf(progress.outcomes).map(({ kind }) => kind)
}
