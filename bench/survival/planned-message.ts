import { gzipSync } from 'node:zlib'
import {
  anyEvent,
  EVENT_KINDS,
  eventOf,
  type Fate,
  type Lacking,
  type PlannedEvent,
  type Planner,
  sumOf,
} from './planned-event.ts'

/** A message as it is published, and what is to come of it, line by line. */
export interface PlannedMessage {
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey?: string
  /** How many events were published with it, bad ones and dropped ones too. */
  readonly events: number
  readonly lacking: Lacking
  readonly outcomes: readonly PlannedOutcome[]
}

export interface PlannedOutcome {
  readonly mark: string
  /** As a dead letter has it: 0 for the message as a whole. */
  readonly line: number
  readonly child: number
  readonly fate: Fate
}

type Form = 'lines' | 'array' | 'gzip' | 'one' | 'crowd' | 'attributes' | 'garbage' | 'not_utf8'

/** In a hundred messages. */
const FORMS: readonly Form[] = [
  ...Array<Form>(66).fill('lines'),
  ...Array<Form>(12).fill('array'),
  ...Array<Form>(8).fill('gzip'),
  ...Array<Form>(8).fill('one'),
  ...Array<Form>(1).fill('crowd'),
  ...Array<Form>(3).fill('attributes'),
  ...Array<Form>(1).fill('garbage'),
  ...Array<Form>(1).fill('not_utf8'),
]
const MOST_LINES = 20
const CROWD = 300
const ORDERING_KEYS = 50

/** A message of any form, with so many events at the most. */
export function anyMessage(planner: Planner, most: number): PlannedMessage {
  const form = planner.random.pick(FORMS)
  switch (form) {
    case 'lines':
      return ofLines(planner, eventsOf(planner, countOf(MOST_LINES)))
    case 'gzip': {
      const plain = ofLines(planner, eventsOf(planner, countOf(MOST_LINES)))
      return { ...plain, data: gzipSync(plain.data) }
    }
    case 'crowd':
      return ofLines(planner, eventsOf(planner, countOf(CROWD)))
    case 'array':
      return ofArray(eventsOf(planner, countOf(MOST_LINES)))
    case 'one':
      return ofOne(eventOf('plain', planner))
    case 'attributes':
      return ofAttributes(planner)
    case 'garbage':
      return ofNothing(planner, Buffer.from(`no JSON here: ${planner.nextMark()}`), {
        line: 1,
        reason: 'invalid_json',
      })
    case 'not_utf8':
      return ofNothing(planner, Buffer.from([0x7b, 0xff, 0xfe]), {
        line: 0,
        reason: 'unreadable_data',
      })
  }

  function countOf(atMost: number): number {
    return 1 + planner.random.int(Math.min(atMost, most))
  }
}

/** One event of every kind there is. */
export function messageOfEveryKind(planner: Planner): PlannedMessage {
  return ofLines(
    planner,
    EVENT_KINDS.map((kind) => eventOf(kind, planner)),
  )
}

/** So many good events, each with time and insert id. */
export function plainMessage(planner: Planner, events: number): PlannedMessage {
  return ofLines(
    planner,
    Array.from({ length: events }, () => eventOf('plain', planner)),
  )
}

/** So many good events on as many lines, and one that poisons them. */
export function poisonedMessage(planner: Planner, events: number): PlannedMessage {
  const poisoned = planner.random.int(events)
  const all = Array.from({ length: events }, (_, at) => {
    return eventOf(at === poisoned ? 'poison' : 'plain', planner)
  })
  return ofLines(planner, all)
}

/** The first is good: a text in which nothing is JSON is no lines. */
function eventsOf(planner: Planner, count: number): readonly PlannedEvent[] {
  const rest = Array.from({ length: count - 1 }, () => anyEvent(planner))
  return [eventOf('plain', planner), ...rest]
}

function ofLines({ random }: Planner, events: readonly PlannedEvent[]): PlannedMessage {
  const lineBreak = random.pick(['\n', '\n', '\r\n'])
  const text = events.map((event) => event.text).join(lineBreak)
  const data = Buffer.from(random.chance(0.05) ? `\ufeff${text}${lineBreak}` : text)
  const key = random.chance(0.3) && { orderingKey: `key-${random.int(ORDERING_KEYS)}` }
  return { data, attributes: {}, ...key, ...planOf(events) }
}

/** An array is JSON or it is not: a bad line has no place in it. */
function ofArray(events: readonly PlannedEvent[]): PlannedMessage {
  const elements = events.filter(({ kind }) => kind !== 'bad_line')
  const data = Buffer.from(`[${elements.map(({ text }) => text).join(', ')}]`)
  return { data, attributes: {}, ...planOf(elements) }
}

function ofOne(event: PlannedEvent): PlannedMessage {
  const data = Buffer.from(JSON.stringify(JSON.parse(event.text), null, 2))
  return { data, attributes: {}, ...planOf([event]) }
}

function ofAttributes(planner: Planner): PlannedMessage {
  const mark = planner.nextMark()
  const attributes = { event: 'signalled', mark, user: `user-${planner.random.int(100)}` }
  const fate: Fate = { kind: 'imported', at: 'publish_time' }
  const outcomes = [{ mark, line: 1, child: 0, fate }]
  const lacking = { time: 1, insertId: 1 }
  return { data: Buffer.alloc(0), attributes, events: 1, lacking, outcomes }
}

function ofNothing(
  planner: Planner,
  data: Buffer,
  { line, reason }: { readonly line: number; readonly reason: string },
): PlannedMessage {
  const fate: Fate = { kind: 'letter', reason }
  const outcomes = [{ mark: planner.nextMark(), line, child: 0, fate }]
  return { data, attributes: {}, events: 1, lacking: sumOf([]), outcomes }
}

function planOf(
  events: readonly PlannedEvent[],
): Pick<PlannedMessage, 'events' | 'lacking' | 'outcomes'> {
  const outcomes = events.flatMap((event, at) => {
    return event.outcomes.map((outcome) => ({ ...outcome, line: at + 1 }))
  })
  const lacking = sumOf(events.map((event) => event.lacking))
  return { events: events.length, lacking, outcomes }
}
