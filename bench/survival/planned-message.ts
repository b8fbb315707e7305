import { gzipSync } from 'node:zlib'
import { contentOf } from './content.ts'
import {
  anyEvent,
  EVENT_KINDS,
  eventOf,
  type Fate,
  type Lacking,
  letter,
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
  /** What a row of it must say. */
  readonly content: string
  /** What a letter of it must hold: its text as it was published, or base64 of what is none. */
  readonly published: string
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
      return ofGarbage(planner)
    case 'not_utf8':
      return ofBytes(planner)
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
  const user = `user-${planner.random.int(100)}`
  const attributes = { event: 'signalled', mark, user }
  const fate: Fate = { kind: 'imported', at: 'publish_time' }
  const content = contentOf('signalled', { mark, distinct_id: user })
  const outcomes = [{ mark, line: 1, child: 0, fate, content, published: '' }]
  const lacking = { time: 1, insertId: 1 }
  return { data: Buffer.alloc(0), attributes, events: 1, lacking, outcomes }
}

function ofGarbage(planner: Planner): PlannedMessage {
  const mark = planner.nextMark()
  const published = `no JSON here: ${mark}`
  const outcome = { mark, line: 1, published, fate: letter('invalid_json') }
  return ofNothing(Buffer.from(published), outcome)
}

function ofBytes(planner: Planner): PlannedMessage {
  const mark = planner.nextMark()
  const data = Buffer.concat([Buffer.from([0x7b, 0xff, 0xfe]), Buffer.from(mark)])
  const published = data.toString('base64')
  return ofNothing(data, { mark, line: 0, published, fate: letter('unreadable_data') })
}

function ofNothing(
  data: Buffer,
  outcome: Omit<PlannedOutcome, 'child' | 'content'>,
): PlannedMessage {
  const outcomes = [{ ...outcome, child: 0, content: '' }]
  return { data, attributes: {}, events: 1, lacking: sumOf([]), outcomes }
}

function planOf(
  events: readonly PlannedEvent[],
): Pick<PlannedMessage, 'events' | 'lacking' | 'outcomes'> {
  const outcomes = events.flatMap((event, at) => {
    return event.outcomes.map((one) => ({ ...one, line: at + 1, published: event.text }))
  })
  const lacking = sumOf(events.map((event) => event.lacking))
  return { events: events.length, lacking, outcomes }
}
