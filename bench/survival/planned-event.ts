import { createHash } from 'node:crypto'
import { contentOf } from './content.ts'
import type { Random } from './random.ts'

/** The name of an event that makes the stand-in refuse its batch without naming the event. */
export const POISON = 'poison'

/** The required fate of an event at the end of a run. */
export type Fate = Readonly<
  /** One row, at this time. */
  | { kind: 'imported'; at: OwnTime }
  /** One row, at the publish time, or at its own time if a later delivery came after that. */
  | { kind: 'imported'; at: 'publish_time'; atLatest?: OwnTime }
  /** One dead letter; with `at`, also one row at this time once the fault is mended. */
  | { kind: 'letter'; reason: string; at?: OwnTime | 'publish_time' }
  /** Neither row nor letter: the transform drops it. */
  | { kind: 'dropped' }
  /** A row, a letter or both in turn, as Mixpanel decides by the project's present settings. */
  | { kind: 'row_or_letter'; at: OwnTime; reason: string }
  /** A letter or nothing, as Mixpanel decides by the other events of its batch. */
  | { kind: 'letter_or_nothing'; reason: string }
>

/** Epoch ms. */
type OwnTime = number

/** The number of events without a time, and without an insert id. */
export interface Lacking {
  readonly time: number
  readonly insertId: number
}

/** One event as it is published, and its required outcomes. */
export interface PlannedEvent {
  /** Its text, without a line break. */
  readonly text: string
  /** The bytes in the data in place of `text`, for an event that is not text. */
  readonly bytes?: Buffer
  readonly kind: EventKind
  readonly lacking: Lacking
  /** One outcome for the event, or one for each child of it. The mark identifies its row. */
  readonly outcomes: readonly {
    readonly mark: string
    readonly child: number
    readonly fate: Fate
    /** Whether the service derives its insert id. */
    readonly derivesId: boolean
    /** The content that its row must have. */
    readonly content: string
  }[]
}

/** The inputs of the planning. The mark is new each time. */
export interface Planner {
  readonly random: Random
  /** The world's time, in epoch ms. */
  readonly now: number
  nextMark(): string
}

type Properties = Record<string, unknown>

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const NOTHING_LACKS: Lacking = { time: 0, insertId: 0 }
const USERS = 1_000
const BAD_IDS: readonly unknown[] = [
  '',
  'null',
  'N/A',
  '0',
  'undefined',
  '{}',
  null,
  '00000000-0000-0000-0000-000000000000',
]
const ILLEGAL = ['a:', 'b_', 'c.', 'too-long-to-be-an-insert-id-of-mixpanel-']
/** A time in the past that many events share. */
const TWINS_TIME = Date.UTC(2026, 0, 1)
/** The share of orders with an item that Mixpanel refuses. */
const SPOILED_ORDERS = 0.1
/** Two of the three bytes of the euro sign. */
const HALF = Buffer.from('\u20ac').subarray(0, 2)
const OVERSIZE = 'x'.repeat(1_100_000)

/** Every kind of event in a run, and its number in ten thousand events. */
const KINDS = {
  plain: 2_800,
  /** The time is not written in ms. */
  other_time_form: 800,
  no_time: 1_700,
  no_id: 1_700,
  bare: 900,
  bad_id: 500,
  illegal_id: 500,
  /** At most an hour ahead: Mixpanel would store it at its own present time. */
  fast_clock: 400,
  order: 300,
  noise: 100,
  identity: 20,
  bad_line: 60,
  half_character: 20,
  no_name: 40,
  bad_time: 40,
  far_future: 40,
  bad_distinct_id: 30,
  explosive: 30,
  too_deep: 30,
  ignored: 2,
  poison: 5,
  oversized: 3,
} as const

export type EventKind = keyof typeof KINDS

/** Each kind once. */
export const EVENT_KINDS: readonly EventKind[] = [...new Set(kindsByWeight())]

const ALL_KINDS = kindsByWeight()

/** The kinds whose events are all imported or dropped. */
const GOOD_KINDS: readonly EventKind[] = [
  'plain',
  'other_time_form',
  'no_time',
  'no_id',
  'bare',
  'bad_id',
  'illegal_id',
  'fast_clock',
  'noise',
]
const ALL_GOOD_KINDS = ALL_KINDS.filter((kind) => GOOD_KINDS.includes(kind))

/** Plans an event of any kind, or any good one, with the usual frequencies. */
export function anyEvent(planner: Planner, which: 'all' | 'good' = 'all'): PlannedEvent {
  return eventOf(planner.random.pick(which === 'all' ? ALL_KINDS : ALL_GOOD_KINDS), planner)
}

/** Plans an event of this kind, different from all before it. */
export function eventOf(kind: EventKind, planner: Planner): PlannedEvent {
  const { random, now } = planner
  const mark = planner.nextMark()
  const distinctId = `user-${random.int(USERS)}`
  const time = now - 60 * MINUTE_MS - random.int(5 * DAY_MS)
  const id = idOf(mark)
  const ahead = now + 30 * MINUTE_MS
  const at = { kind: 'imported', at: time } as const
  const atPublish = { kind: 'imported', at: 'publish_time' } as const

  switch (kind) {
    case 'plain':
      return named('visited', { time, $insert_id: id }, at)
    case 'other_time_form': {
      const second = time - (time % 1_000)
      const forms = [second / 1_000, String(time), new Date(time).toISOString()]
      const form = random.int(forms.length)
      return named(
        'visited',
        { time: forms[form], $insert_id: id },
        {
          kind: 'imported',
          at: form === 0 ? second : time,
        },
      )
    }
    case 'no_time':
      return named('visited', { $insert_id: id }, atPublish)
    case 'no_id':
      return named('visited', { time }, at)
    case 'bare':
      return named('visited', {}, atPublish)
    case 'bad_id':
      return named('visited', { time, $insert_id: random.pick(BAD_IDS) }, at)
    case 'illegal_id':
      return twin({ time: TWINS_TIME, $insert_id: `${random.pick(ILLEGAL)}${mark}` })
    case 'fast_clock':
      return named('visited', { time: ahead, $insert_id: id }, { ...atPublish, atLatest: ahead })
    case 'order':
      return order()
    case 'noise':
      return named('noise', {}, { kind: 'dropped' })
    case 'identity': {
      const verb = {
        time,
        $insert_id: id,
        $identified_id: distinctId,
        $anon_id: randomUuid(random),
      }
      return named('$identify', verb, {
        kind: 'row_or_letter',
        at: time,
        reason: 'refused_by_mixpanel',
      })
    }
    case 'bad_line':
      return planned(
        `{"event": "visited", "properties": {"mark": "${mark}"`,
        letter('invalid_json'),
      )
    case 'half_character': {
      const text = JSON.stringify({ event: 'visited', properties: { mark, name: 'half a ' } })
      const [head = '', tail = ''] = text.split('half a ')
      const bytes = Buffer.concat([Buffer.from(`${head}half a `), HALF, Buffer.from(tail)])
      return { ...planned(text, letter('unreadable_data')), bytes }
    }
    case 'no_name':
      return named('', { time }, letter('invalid_event'))
    case 'bad_time':
      return named('visited', { time: 'yesterday' }, letter('invalid_event'))
    case 'far_future':
      return named('visited', { time: now + 5 * DAY_MS }, letter('invalid_event'))
    case 'bad_distinct_id':
      return named('visited', { time, distinct_id: 'undefined' }, letter('invalid_event'))
    case 'explosive':
      return named('explosive', {}, letter('transform_failed', 'publish_time'))
    case 'too_deep':
      return named(
        'visited',
        { deep: { a: { b: { c: { d: 1 } } } } },
        letter('refused_by_mixpanel'),
      )
    case 'ignored':
      return named(
        'visited',
        { time, $ignore: true },
        { kind: 'letter_or_nothing', reason: 'refused_by_mixpanel' },
      )
    case 'poison':
      return named(POISON, {}, letter('refused_by_mixpanel', 'publish_time'))
    case 'oversized':
      return named('visited', { ballast: OVERSIZE }, letter('too_large'))
  }

  function named(event: string, properties: Properties, fate: Fate): PlannedEvent {
    const all: Properties = { mark, distinct_id: distinctId, ...properties }
    return planned(JSON.stringify({ event, properties: all }), fate, {
      lacking: findLacking(all),
      content: contentToBe(event, all),
      derivesId: BAD_IDS.includes(all.$insert_id ?? null),
    })
  }

  function planned(
    text: string,
    fate: Fate,
    { lacking = NOTHING_LACKS, content = '', derivesId = false } = {},
  ): PlannedEvent {
    return { text, kind, lacking, outcomes: [{ mark, child: 0, fate, content, derivesId }] }
  }

  /** The content of its row. A legal insert id of its own must stay. */
  function contentToBe(event: string, { $insert_id, ...properties }: Properties): string {
    return contentOf(event, $insert_id === id ? { ...properties, $insert_id } : properties)
  }

  /** Plans an event with the user and time of all other twins: only their ids differ. */
  function twin(properties: Properties): PlannedEvent {
    return named(
      'twin',
      { distinct_id: 'twin', ...properties },
      { kind: 'imported', at: TWINS_TIME },
    )
  }

  /** Plans an order of several items. A single item has no number and gets its order's id. */
  function order(): PlannedEvent {
    const items = 1 + random.int(4)
    const spoiled = random.chance(SPOILED_ORDERS) && spoil(items)
    const own = {
      ...(random.chance(0.5) && { time }),
      ...(random.chance(0.5) && { $insert_id: id }),
      ...(random.chance(0.3) && { item_ids: mark }),
    }
    const all = { mark, distinct_id: distinctId, items, ...spoiled, ...own }
    const good = 'time' in own ? at : atPublish
    const outcomes = Array.from({ length: items }, (_, index) => {
      const child = { mark: `${mark}.${index + 1}`, distinct_id: distinctId }
      const isSpoiled = spoiled && spoiled.spoiled === index + 1
      const mendedAt = spoiled && !('mended' in spoiled) ? good.at : undefined
      return {
        mark: child.mark,
        child: items === 1 ? 0 : index + 1,
        fate: isSpoiled ? letter('refused_by_mixpanel', mendedAt) : good,
        content: itemContent({ ...child, ...itemId(index + 1) }),
        derivesId: !('$insert_id' in own || 'item_ids' in own),
      }
    })
    const text = JSON.stringify({ event: 'order', properties: all })
    return { text, kind, lacking: findLacking(all), outcomes }

    /** Spoils one item. Only the last may be left out later: the others keep their ids. */
    function spoil(items: number) {
      if (random.chance(0.5)) return { spoiled: items, mended: 'left out' }
      return { spoiled: 1 + random.int(items) }
    }

    /** A legal insert id, different from that of any other item: it must stay. */
    function itemId(place: number): Properties {
      if ('item_ids' in own) return { $insert_id: `${own.item_ids}-item-${place}` }
      return items === 1 && '$insert_id' in own ? { $insert_id: own.$insert_id } : {}
    }
  }

  function itemContent(properties: Properties): string {
    return contentOf('item', properties)
  }
}

/** The sums over several. */
export function sumOf(all: readonly Lacking[]): Lacking {
  return {
    time: all.reduce((sum, { time }) => sum + time, 0),
    insertId: all.reduce((sum, { insertId }) => sum + insertId, 0),
  }
}

function findLacking(properties: Properties): Lacking {
  return { time: 'time' in properties ? 0 : 1, insertId: '$insert_id' in properties ? 0 : 1 }
}

/** `at` is the time of its row once the fault is mended; absent when it never is. */
export function letter(reason: string, at?: OwnTime | 'publish_time'): Fate {
  return { kind: 'letter', reason, ...(at !== undefined && { at }) }
}

/** Whether its row has the publish time of any delivery of its message. */
export function isAtPublishTime(fate: Fate): boolean {
  return 'at' in fate && fate.at === 'publish_time'
}

/** A legal insert id of the greatest length. */
function idOf(mark: string): string {
  return createHash('sha256').update(mark).digest('hex').slice(0, 36)
}

function randomUuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.int(16).toString(16)).join('')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-4$3-8$4-$5')
}

function kindsByWeight(): readonly EventKind[] {
  const kinds: EventKind[] = []
  let kind: EventKind
  for (kind in KINDS) for (let count = 0; count < KINDS[kind]; count += 1) kinds.push(kind)
  return kinds
}
