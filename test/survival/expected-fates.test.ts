import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { contentOf } from '../../bench/survival/content.ts'
import type { Facts } from '../../bench/survival/expected.ts'
import { createExpectedFates } from '../../bench/survival/expected-fates.ts'
import type { Findings } from '../../bench/survival/findings.ts'
import type { Letter } from '../../bench/survival/letters.ts'
import type { Fate } from '../../bench/survival/planned-event.ts'
import type { PlannedMessage } from '../../bench/survival/planned-message.ts'
import type { Row } from '../../src/local/mixpanel/row-store.ts'

const KEY = { subscription: 's', messageId: '1' }
const OTHER_KEY = { subscription: 's', messageId: '2' }
const TIME = Date.UTC(2026, 0, 15, 12)
const NOON = '2026-01-15T12:00:00.000Z'
const AFTERNOON = '2026-01-15T15:00:00.000Z'
const NEXT_DAY = '2026-01-16T00:00:00.000Z'
const TEXT = '{"event":"visited"}'
const GOOD: Fate = { kind: 'imported', at: TIME }
const TIMELESS: Fate = { kind: 'imported', at: 'publish_time' }
const FAST: Fate = { kind: 'imported', at: 'publish_time', atLatest: TIME + 1 }
const BAD: Fate = { kind: 'letter', reason: 'invalid_event' }
const VERB: Fate = { kind: 'row_or_letter', at: TIME, reason: 'refused_by_mixpanel' }
const BROKEN: Fate = { kind: 'letter', reason: 'invalid_event', at: TIME }
const IGNORED: Fate = { kind: 'letter_or_nothing', reason: 'refused_by_mixpanel' }

const NOTHING: Findings = { lost: [], doubled: [], astray: [], ackedEarly: [], believed: [] }

/** The fate of an event, the rows and letters that were found, and the finding, if any. */
const CASES: Readonly<Record<string, readonly [Fate, Partial<Found>, keyof Findings | 'nothing']>> =
  {
    'a good event with a row': [GOOD, { rows: [aRow()] }, 'nothing'],
    'a good event without a row': [GOOD, {}, 'lost'],
    'a good event with two rows': [GOOD, { rows: [aRow(), aRow()] }, 'doubled'],
    'a good event with a letter besides': [
      GOOD,
      { rows: [aRow()], letters: [aLetter()] },
      'astray',
    ],
    'a good event that Mixpanel refused in words of a fault': [
      GOOD,
      { letters: [aLetter({ reason: 'refused_by_mixpanel', detail: 'the batch was refused' })] },
      'believed',
    ],
    'a good event that Mixpanel refused in other words': [
      GOOD,
      { letters: [aLetter({ reason: 'refused_by_mixpanel' })] },
      'astray',
    ],
    'a row at another time': [GOOD, { rows: [aRow({ time: TIME + 1 })] }, 'astray'],
    'a row that says something else': [GOOD, { rows: [aRow({ user: 'another' })] }, 'astray'],
    'a row with another insert id': [GOOD, { rows: [aRow({ insertId: 'another' })] }, 'astray'],
    'a row that nothing published': [GOOD, { rows: [aRow(), aRow({ mark: 'another' })] }, 'astray'],
    'a time-less event at its publish time': [TIMELESS, { rows: [aRow()] }, 'nothing'],
    'a time-less event at another time': [TIMELESS, { rows: [aRow({ time: 1 })] }, 'astray'],
    'a time-less event redelivered the same day': [
      TIMELESS,
      {
        publishTimes: [NOON, AFTERNOON],
        rows: [aRow(), aRow({ time: Date.parse(AFTERNOON) })],
        compacted: [aRow()],
      },
      'nothing',
    ],
    'a time-less event redelivered, with two rows a day': [
      TIMELESS,
      { publishTimes: [NOON, AFTERNOON], rows: [aRow()], compacted: [aRow(), aRow()] },
      'doubled',
    ],
    'a time-less event redelivered, at a time of neither': [
      TIMELESS,
      { publishTimes: [NOON, AFTERNOON], rows: [aRow({ time: TIME + 1 })], compacted: [aRow()] },
      'astray',
    ],
    'a time-less event redelivered the next day': [
      TIMELESS,
      {
        publishTimes: [NOON, NEXT_DAY],
        rows: [aRow(), aRow({ time: Date.parse(NEXT_DAY) })],
        compacted: [aRow(), aRow()],
      },
      'nothing',
    ],
    'a fast clock that a later delivery has overtaken, at its own time': [
      FAST,
      { publishTimes: [NOON, AFTERNOON], rows: [aRow({ time: TIME + 1 })], compacted: [aRow()] },
      'nothing',
    ],
    'a fast clock that a later delivery has overtaken, at the time of that': [
      FAST,
      {
        publishTimes: [NOON, AFTERNOON],
        rows: [aRow({ time: Date.parse(AFTERNOON) })],
        compacted: [aRow()],
      },
      'astray',
    ],
    'a bad event with a letter': [BAD, { letters: [aLetter()] }, 'nothing'],
    'a bad event with its letter twice': [BAD, { letters: [aLetter(), aLetter()] }, 'nothing'],
    'a bad event without a letter': [BAD, {}, 'lost'],
    'a mended event with a row': [
      BROKEN,
      { letters: [aLetter()], rows: [aRow()], isMended: true },
      'nothing',
    ],
    'a mended event with two rows': [
      BROKEN,
      { letters: [aLetter()], rows: [aRow(), aRow()], isMended: true },
      'doubled',
    ],
    'a mended event without a row': [BROKEN, { letters: [aLetter()], isMended: true }, 'lost'],
    'a broken event with a row before it was mended': [
      BROKEN,
      { letters: [aLetter()], rows: [aRow()] },
      'doubled',
    ],
    'a bad event with a row': [BAD, { letters: [aLetter()], rows: [aRow()] }, 'doubled'],
    'a letter with another reason': [
      BAD,
      { letters: [aLetter({ reason: 'too_large' }), aLetter()] },
      'astray',
    ],
    'a letter with another text': [BAD, { letters: [aLetter({ published: '{}' })] }, 'astray'],
    'a letter that nothing published': [
      BAD,
      { letters: [aLetter(), aLetter({ id: '1-2' })] },
      'astray',
    ],
    'a verb with a row': [VERB, { rows: [aRow()] }, 'nothing'],
    'a verb with a letter': [
      VERB,
      { letters: [aLetter({ reason: 'refused_by_mixpanel' })] },
      'nothing',
    ],
    'a verb with neither': [VERB, {}, 'lost'],
    'a verb with neither where Mixpanel ignores them': [VERB, { ignoresVerbs: true }, 'nothing'],
    'an event to be ignored, with nothing': [IGNORED, {}, 'nothing'],
    'an event to be ignored, with a row': [IGNORED, { rows: [aRow()] }, 'doubled'],
    'a dropped event': [{ kind: 'dropped' }, {}, 'nothing'],
    'a dropped event with a row': [{ kind: 'dropped' }, { rows: [aRow()] }, 'doubled'],
  }

describe('the expected fates of a survival run', () => {
  for (const [what, [fate, found, kind]] of Object.entries(CASES)) {
    it(`find ${kind} of ${what}`, () => {
      const { publishTimes = [NOON] } = found
      const fates = fatesOf(fate)
      for (const publishTime of publishTimes) fates.pushed(KEY, publishTime)

      const findings = fates.findings(factsOf(found))

      const counts = Object.entries(findings).map(([name, list]) => [name, list.length])
      const expected = Object.keys(NOTHING).map((name) => [name, name === kind ? 1 : 0])
      assert.deepEqual(Object.fromEntries(counts), Object.fromEntries(expected), inspect(findings))
    })
  }

  it('find an ack before the row, though the row comes later', () => {
    const fates = fatesOf(GOOD)
    fates.acked(KEY, factsOf({}))
    fates.stored([aRow()])

    assert.equal(fates.findings(factsOf({ rows: [aRow()] })).ackedEarly.length, 1)
  })

  it('find an ack before the letter, though the letter comes later', () => {
    const fates = fatesOf(BAD)
    fates.acked(KEY, factsOf({}))

    assert.equal(fates.findings(factsOf({ letters: [aLetter()] })).ackedEarly.length, 1)
  })

  it('find nothing in an ack once all is where it belongs', () => {
    const [good, bad] = [fatesOf(GOOD), fatesOf(BAD)]
    good.stored([aRow()])
    good.acked(KEY, factsOf({}))
    bad.acked(KEY, factsOf({ letters: [aLetter()] }))

    assert.deepEqual(good.findings(factsOf({ rows: [aRow()] })).ackedEarly, [])
    assert.deepEqual(bad.findings(factsOf({ letters: [aLetter()] })).ackedEarly, [])
  })

  it('find an ack before a verb has a row or a letter, unless Mixpanel ignores them', () => {
    const [lost, told] = [fatesOf(VERB), fatesOf(VERB)]
    lost.acked(KEY, factsOf({}))
    told.acked(KEY, factsOf({ ignoresVerbs: true }))

    assert.equal(lost.findings(factsOf({ rows: [aRow()] })).ackedEarly.length, 1)
    assert.deepEqual(told.findings(factsOf({ rows: [aRow()] })).ackedEarly, [])
  })

  it('count equal events of one message', () => {
    const fates = createExpectedFates({ ids: 'content' })
    fates.published(KEY, aMessage(GOOD, 2))

    assert.deepEqual(fates.findings(factsOf({ rows: [aRow(), aRow()] })), NOTHING)
    assert.equal(fates.findings(factsOf({ rows: [aRow()] })).lost.length, 1)
    assert.equal(fates.findings(factsOf({ rows: [aRow(), aRow(), aRow()] })).doubled.length, 1)
  })

  for (const [ids, fate, rows] of [
    ['message', GOOD, 2],
    ['content', GOOD, 1],
    ['content', TIMELESS, 2],
  ] as const) {
    const time = fate === GOOD ? 'a time of their own' : 'no time'
    it(`expect ${rows} rows of equal events of two messages with ${time} and ids of ${ids}`, () => {
      const fates = createExpectedFates({ ids })
      fates.published(KEY, aMessage(fate, 1))
      fates.published(OTHER_KEY, aMessage(fate, 1))
      for (const key of [KEY, OTHER_KEY]) fates.pushed(key, NOON)

      const rowsThere = (count: number) => factsOf({ rows: Array.from({ length: count }, aRow) })
      assert.deepEqual(fates.findings(rowsThere(rows)), NOTHING)
      assert.equal(fates.findings(rowsThere(rows - 1)).lost.length, 1)
      assert.equal(fates.findings(rowsThere(rows + 1)).doubled.length, 1)
    })
  }

  it("allow the copy of a dead-letter policy a row of its own only with the message's id", () => {
    const [ofMessage, ofContent] = [
      createExpectedFates({ ids: 'message' }),
      createExpectedFates({ ids: 'content' }),
    ]
    for (const fates of [ofMessage, ofContent]) {
      fates.published(KEY, aMessage(GOOD, 1))
      fates.copied(OTHER_KEY, KEY)
    }
    const twoRows = factsOf({ rows: [aRow(), aRow()] })

    assert.deepEqual(ofMessage.findings(twoRows), NOTHING)
    assert.equal(ofContent.findings(twoRows).doubled.length, 1)
    assert.deepEqual(ofMessage.findings(factsOf({ rows: [aRow()] })), NOTHING)
  })

  it('take the copy of a dead-letter policy for the letter of all events, until it is published', () => {
    const fates = fatesOf(GOOD)
    fates.forwarded(KEY)

    assert.deepEqual(fates.findings(factsOf({})), NOTHING)
    fates.copied(OTHER_KEY, KEY)
    assert.equal(fates.findings(factsOf({})).lost.length, 1)
  })

  it('know which messages hold nothing that is refused', () => {
    assert.equal(fatesOf(GOOD).isGood(KEY), true)
    assert.equal(fatesOf(BAD).isGood(KEY), false)
  })

  it('tell messages of one id in two subscriptions apart', () => {
    const fates = fatesOf(BAD)
    const letters = [aLetter({ subscription: 'another' })]

    assert.equal(fates.findings(factsOf({ letters })).lost.length, 1)
  })
})

interface Found {
  readonly publishTimes: readonly string[]
  readonly rows: readonly Row[]
  /** As the rows when absent. */
  readonly compacted: readonly Row[]
  readonly letters: readonly Letter[]
  readonly ignoresVerbs: true
  readonly isMended: true
}

function fatesOf(fate: Fate) {
  const fates = createExpectedFates({ ids: 'message' })
  fates.published(KEY, aMessage(fate, 1))
  return fates
}

/** A message of equal events without an insert id of their own. */
function aMessage(fate: Fate, events: number): PlannedMessage {
  const content = contentOf('visited', { mark: 'm', user: 'u', $insert_id: 'id' })
  const lacking = { time: 0, insertId: 0 }
  const outcomes = Array.from({ length: events }, (_, at) => {
    return { mark: 'm', line: at + 1, child: 0, fate, content, derivesId: true, published: TEXT }
  })
  return { data: Buffer.from(TEXT), attributes: {}, events, lacking, outcomes }
}

function factsOf({
  rows = [],
  compacted = rows,
  letters = [],
  ignoresVerbs,
  isMended,
}: Partial<Found>): Facts {
  return {
    deduplicated: () => rows,
    compacted: () => compacted,
    letters: () => letters,
    readNewLetters: () => letters,
    hasIgnoredVerbs: () => ignoresVerbs === true,
    isMended: () => isMended === true,
  }
}

function aRow({ mark = 'm', user = 'u', insertId = 'id', time = TIME } = {}): Row {
  const properties = { mark, user, time, $insert_id: insertId }
  return {
    event: 'visited',
    distinctId: '',
    sentDistinctId: '',
    insertId,
    time,
    properties,
    location: 'none',
    raw: JSON.stringify({ event: 'visited', properties }),
    receivedAt: TIME,
  }
}

function aLetter(changes: Partial<Letter> = {}): Letter {
  const letter = { id: '1-1', reason: 'invalid_event', detail: '', subscription: 's' }
  return { ...letter, published: TEXT, ...changes }
}

function inspect(findings: Findings): string {
  return JSON.stringify(findings)
}
