import { gzipSync } from 'node:zlib'
import { contentOf } from './content.ts'
import type { Deck } from './deck.ts'
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

/** The inputs of the planning of messages. */
export interface MessagePlanner extends Planner {
  /** The share of messages that may hold refused events. */
  readonly refusedShare: number
  /** The forms of the messages to come. */
  readonly forms: Deck<Form>
}

/** A message as it is published, and its required outcomes, line by line. */
export interface PlannedMessage {
  readonly data: Buffer
  readonly attributes: Readonly<Record<string, string>>
  readonly orderingKey?: string
  /** A copy is published too, like that of a dead-letter policy. */
  readonly isCopied?: true
  /** The number of events in it, with the bad and the dropped ones. */
  readonly events: number
  readonly lacking: Lacking
  readonly outcomes: readonly PlannedOutcome[]
}

export interface PlannedOutcome {
  readonly mark: string
  /** The line as in a dead letter: 0 for the message as a whole. */
  readonly line: number
  readonly child: number
  readonly fate: Fate
  /** Whether the service derives its insert id. */
  readonly derivesId: boolean
  /** The content that its row must have. */
  readonly content: string
  /** The content of its letter: its text as published, or base64 of data that is not text. */
  readonly published: string
}

/** Every form of message in a run, and its number in a thousand messages. */
const FORMS = {
  lines: 600,
  array: 120,
  broken_array: 8,
  gzip: 60,
  gzip_members: 20,
  one: 80,
  attributes: 30,
  crowd: 10,
  garbage: 8,
  not_utf8: 8,
  gap_in_gzip: 6,
  equal_lines: 15,
  equal_messages: 15,
  stamped: 12,
  schema: 8,
  copied: 8,
  /** More events than one portion holds: one such message in a run of any length. */
  portions: 0,
} as const

export type Form = keyof typeof FORMS

/** The forms in use, each with its number in a thousand messages. */
export function formWeights(options: { readonly hasPortions: boolean }): ReadonlyMap<Form, number> {
  const weights = new Map<Form, number>()
  let form: Form
  for (form in FORMS) {
    if (form !== 'portions' || options.hasPortions) weights.set(form, FORMS[form])
  }
  return weights
}

const MOST_LINES = 20
const CROWD = 300
const PORTIONS = 9_000
const ORDERING_KEYS = 50
/** Forms that are refused as a whole or in part. */
const BAD_FORMS: readonly Form[] = ['garbage', 'not_utf8', 'gap_in_gzip', 'schema', 'broken_array']

/** Plans messages of any form to publish at once, each with at most `most` events. */
export function anyMessages(planner: MessagePlanner, most: number): readonly PlannedMessage[] {
  const { random, forms } = planner
  const which = random.chance(planner.refusedShare) ? 'all' : 'good'
  const drawn = forms.draw()
  const form = which === 'good' && BAD_FORMS.includes(drawn) ? 'lines' : drawn
  switch (form) {
    case 'equal_messages':
      return ofEqualMessages(planner)
    case 'stamped':
      return ofStamped(planner)
    default:
      return [ofForm(form, planner, which, most)]
  }
}

function ofForm(
  form: Exclude<Form, 'equal_messages' | 'stamped'>,
  planner: Planner,
  which: 'all' | 'good',
  most: number,
): PlannedMessage {
  switch (form) {
    case 'lines':
      return ofLines(planner, events(MOST_LINES))
    case 'gzip':
      return packed(ofLines(planner, events(MOST_LINES)), gzipSync)
    case 'gzip_members':
      return packed(ofLines(planner, events(MOST_LINES)), (data) => gzipMembers(data, planner))
    case 'crowd':
      return ofLines(planner, events(CROWD))
    case 'portions':
      return ofLines(planner, eventsOf(planner, PORTIONS, which))
    case 'array':
      return ofArray(events(MOST_LINES))
    case 'broken_array':
      return ofBrokenArray(planner, events(MOST_LINES))
    case 'one':
      return ofOne(eventOf('plain', planner))
    case 'attributes':
      return ofAttributes(planner)
    case 'garbage':
      return ofGarbage(planner)
    case 'not_utf8':
      return ofBytes(planner)
    case 'gap_in_gzip':
      return ofGapInGzip(planner)
    case 'equal_lines':
      return ofEqualLines(planner)
    case 'schema':
      return ofSchema(planner)
    case 'copied':
      return { ...ofLines(planner, eventsOf(planner, MOST_LINES, 'good')), isCopied: true }
  }

  function events(atMost: number): readonly PlannedEvent[] {
    return eventsOf(planner, 1 + planner.random.int(Math.min(atMost, most)), which)
  }
}

/** Plans a message with one event of every kind. */
export function messageOfEveryKind(planner: Planner): PlannedMessage {
  return ofLines(
    planner,
    EVENT_KINDS.map((kind) => eventOf(kind, planner)),
  )
}

/** Plans a message of `events` good events, each with time and insert id. */
export function plainMessage(planner: Planner, events: number): PlannedMessage {
  return ofLines(
    planner,
    Array.from({ length: events }, () => eventOf('plain', planner)),
  )
}

/** Plans a message of `events` good events, a line each, and a poison event. */
export function poisonedMessage(planner: Planner, events: number): PlannedMessage {
  const poisoned = planner.random.int(events)
  const all = Array.from({ length: events }, (_, at) => {
    return eventOf(at === poisoned ? 'poison' : 'plain', planner)
  })
  return ofLines(planner, all)
}

/** Plans events, the first of them good: a text without any JSON is not taken as lines. */
function eventsOf(planner: Planner, count: number, which: 'all' | 'good'): readonly PlannedEvent[] {
  const rest = Array.from({ length: count - 1 }, () => anyEvent(planner, which))
  return [eventOf('plain', planner), ...rest]
}

function ofLines({ random }: Planner, events: readonly PlannedEvent[]): PlannedMessage {
  const lineBreak = random.pick(['\n', '\n', '\r\n'])
  const lines = joined(events, lineBreak)
  const marked = [Buffer.from('\ufeff'), lines, Buffer.from(lineBreak)]
  const data = random.chance(0.05) ? Buffer.concat(marked) : lines
  const key = random.chance(0.3) && { orderingKey: `key-${random.int(ORDERING_KEYS)}` }
  return { data, attributes: {}, ...key, ...makePlan(events) }
}

/** An array is JSON as a whole or not at all, so it holds no bad line. */
function ofArray(events: readonly PlannedEvent[]): PlannedMessage {
  const elements = events.filter(({ kind }) => kind !== 'bad_line')
  const data = Buffer.concat([Buffer.from('['), joined(elements, ', '), Buffer.from(']')])
  return { data, attributes: {}, ...makePlan(elements) }
}

/** The array breaks after some elements: they are events, and the rest is one letter. */
function ofBrokenArray(planner: Planner, events: readonly PlannedEvent[]): PlannedMessage {
  const whole = ofArray(events)
  const mark = planner.nextMark()
  const published = `{"event": NaN, "properties": {"mark": "${mark}"}}, {"event": "visited"}]`
  const data = Buffer.concat([whole.data.subarray(0, -1), Buffer.from(`, ${published}`)])
  const { outcomes } = ofNothing(data, {
    mark,
    line: whole.events + 1,
    published,
    fate: letter('invalid_json'),
  })
  return { ...whole, data, events: whole.events + 1, outcomes: [...whole.outcomes, ...outcomes] }
}

function joined(events: readonly PlannedEvent[], by: string): Buffer {
  const separator = Buffer.from(by)
  const parts = events.map(({ text, bytes }) => bytes ?? Buffer.from(text))
  return Buffer.concat(parts.flatMap((part, at) => (at === 0 ? [part] : [separator, part])))
}

function ofOne(event: PlannedEvent): PlannedMessage {
  const data = Buffer.from(JSON.stringify(JSON.parse(event.text), null, 2))
  return { data, attributes: {}, ...makePlan([event]) }
}

function ofAttributes(planner: Planner): PlannedMessage {
  const mark = planner.nextMark()
  const user = `user-${planner.random.int(100)}`
  const attributes = { event: 'signalled', mark, user }
  const fate: Fate = { kind: 'imported', at: 'publish_time' }
  const content = contentOf('signalled', { mark, distinct_id: user })
  const outcomes = [{ mark, line: 1, child: 0, fate, content, derivesId: true, published: '' }]
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

/** The gap is neither zeros nor another member: the data after the first must not be dropped. */
function ofGapInGzip(planner: Planner): PlannedMessage {
  const [first, second] = [eventOf('plain', planner), eventOf('plain', planner)]
  const members = [gzipSync(first.text), Buffer.alloc(1), gzipSync(second.text)]
  const data = Buffer.concat(members)
  const published = data.toString('base64')
  const mark = planner.nextMark()
  return ofNothing(data, { mark, line: 0, published, fate: letter('unreadable_data') })
}

/** Cuts the text anywhere and compresses each part, like a writer that flushes. */
function gzipMembers(data: Buffer, { random }: Planner): Buffer {
  const cuts = Array.from({ length: 1 + random.int(3) }, () => random.int(data.length + 1))
  const ends = [...cuts.sort((one, other) => one - other), data.length]
  const members = ends.map((end, at) => gzipSync(data.subarray(ends[at - 1] ?? 0, end)))
  return Buffer.concat([...members, Buffer.alloc(random.pick([0, 0, 512]))])
}

function packed(plain: PlannedMessage, pack: (data: Buffer) => Buffer): PlannedMessage {
  return { ...plain, data: pack(plain.data) }
}

/** Clicks of one user in the same millisecond. Each is an event of its own. */
function ofEqualLines(planner: Planner): PlannedMessage {
  const click = planClick(planner)
  const clicks = Array.from({ length: 2 + planner.random.int(3) }, () => click)
  return ofLines(planner, [eventOf('plain', planner), ...clicks])
}

function ofEqualMessages(planner: Planner): readonly PlannedMessage[] {
  const click = planClick(planner)
  const message = { data: Buffer.from(click.text), attributes: {}, ...makePlan([click]) }
  return Array.from({ length: 2 + planner.random.int(2) }, () => message)
}

function planClick(planner: Planner): PlannedEvent {
  return eventOf(planner.random.pick(['no_id', 'bare']), planner)
}

/** Messages with equal data. The transform tells their events apart by an attribute. */
function ofStamped(planner: Planner): readonly PlannedMessage[] {
  const event = eventOf('no_id', planner)
  const { properties } = JSON.parse(event.text)
  const { mark: _, ...unmarked } = properties
  const text = JSON.stringify({ event: 'stamped', properties: unmarked })
  return Array.from({ length: 3 }, () => {
    const mark = planner.nextMark()
    const content = contentOf('stamped', { ...unmarked, mark, source: 'unknown' })
    const [plan] = event.outcomes.map((one) => ({
      ...one,
      mark,
      content,
      line: 1,
      published: text,
    }))
    const { lacking } = event
    const outcomes = plan ? [plan] : []
    return { data: Buffer.from(text), attributes: { stamp: mark }, events: 1, lacking, outcomes }
  })
}

/** The attributes of a topic with a schema. Pub/Sub does not take them from publishers. */
const SCHEMA_ATTRIBUTES = {
  googclient_schemaencoding: 'JSON',
  googclient_schemaname: 'projects/local-project/schemas/events',
  googclient_schemarevisionid: 'a1b2c3d4',
}

/** One event is good and one explodes; both name their source once they are mapped. */
function ofSchema(planner: Planner): PlannedMessage {
  const source = 'app'
  const events = [false, true].map((broken) => stampedEvent(planner, broken, source))
  const attributes = { ...SCHEMA_ATTRIBUTES, source }
  return { ...ofLines(planner, events), attributes }
}

function stampedEvent(planner: Planner, broken: boolean, source: string): PlannedEvent {
  const mark = planner.nextMark()
  const properties = { mark, distinct_id: 'stamped' }
  const text = JSON.stringify({ event: 'stamped', properties: { ...properties, broken } })
  const fate: Fate = broken
    ? letter('transform_failed', 'publish_time')
    : { kind: 'imported', at: 'publish_time' }
  const content = contentOf('stamped', { ...properties, source })
  const lacking = { time: 1, insertId: 1 }
  return {
    text,
    kind: 'bare',
    lacking,
    outcomes: [{ mark, child: 0, fate, content, derivesId: true }],
  }
}

function ofNothing(
  data: Buffer,
  outcome: Omit<PlannedOutcome, 'child' | 'content' | 'derivesId'>,
): PlannedMessage {
  const outcomes = [{ ...outcome, child: 0, content: '', derivesId: false }]
  return { data, attributes: {}, events: 1, lacking: sumOf([]), outcomes }
}

function makePlan(
  events: readonly PlannedEvent[],
): Pick<PlannedMessage, 'events' | 'lacking' | 'outcomes'> {
  const outcomes = events.flatMap((event, at) => {
    const published = event.bytes?.toString('base64') ?? event.text
    return event.outcomes.map((one) => ({ ...one, line: at + 1, published }))
  })
  const lacking = sumOf(events.map((event) => event.lacking))
  return { events: events.length, lacking, outcomes }
}
