import { createHash } from 'node:crypto'
import { contentOf } from './content.ts'
import type { Random } from './random.ts'

/** The name of an event for whose sake the stand-in refuses a batch, and does not say so. */
export const POISON = 'poison'

/** What must have become of an event when all is over. */
export type Fate = Readonly<
  /** One row, at this moment. */
  | { kind: 'imported'; at: OwnTime }
  /** One row, at the publish time, or at its own where a later delivery has overtaken that. */
  | { kind: 'imported'; at: 'publish_time'; atLatest?: OwnTime }
  /** One dead letter; once the fault is mended, one row at this moment. */
  | { kind: 'letter'; reason: string; at?: OwnTime | 'publish_time' }
  /** Neither: the transform drops it. */
  | { kind: 'dropped' }
  /** Mixpanel's to decide, by how its project is set at the moment: a row or a letter, or both in turn. */
  | { kind: 'row_or_letter'; at: OwnTime; reason: string }
  /** Mixpanel's to decide, by the company that it travels in. */
  | { kind: 'letter_or_nothing'; reason: string }
>

/** Epoch ms. */
type OwnTime = number

/** How many events lack what Mixpanel tells copies by. */
export interface Lacking {
  readonly time: number
  readonly insertId: number
}

/** One event as it is published, and what is to come of it. */
export interface PlannedEvent {
  /** Its text. No line break is in it. */
  readonly text: string
  /** What stands in its place in the data, where it is no text. */
  readonly bytes?: Buffer
  readonly kind: EventKind
  readonly lacking: Lacking
  /** One for the event, or one for each child of it; a row is known by its mark. */
  readonly outcomes: readonly {
    readonly mark: string
    readonly child: number
    readonly fate: Fate
    /** Whether the service makes its insert id. */
    readonly derivesId: boolean
    /** What a row of it must say. */
    readonly content: string
  }[]
}

/** What is planned with: the mark is new each time. */
export interface Planner {
  readonly random: Random
  /** Epoch ms of the world. */
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
/** A moment of the past that many events share. */
const TWINS_TIME = Date.UTC(2026, 0, 1)
/** The share of orders of which one item is what Mixpanel refuses. */
const SPOILED_ORDERS = 0.1
/** Of the three bytes of the euro sign. */
const HALF = Buffer.from('\u20ac').subarray(0, 2)
const OVERSIZE = 'x'.repeat(1_100_000)

/** Every kind of event there is in a run, and how many of ten thousand are so. */
const KINDS = {
  plain: 2_800,
  /** Written with its time in another form than ms. */
  other_time_form: 800,
  no_time: 1_700,
  no_id: 1_700,
  bare: 900,
  bad_id: 500,
  illegal_id: 500,
  /** An hour ahead at the most: Mixpanel would put it back to its own now. */
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

/** Where everything is imported or dropped. */
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

/** Any kind, as often as it is met; or any that can be imported. */
export function anyEvent(planner: Planner, which: 'all' | 'good' = 'all'): PlannedEvent {
  return eventOf(planner.random.pick(which === 'all' ? ALL_KINDS : ALL_GOOD_KINDS), planner)
}

/** An event of this kind, unlike all before it. */
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
      lacking: lackingIn(all),
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

  /** An insert id that is its own and legal must stay. */
  function contentToBe(event: string, { $insert_id, ...properties }: Properties): string {
    return contentOf(event, $insert_id === id ? { ...properties, $insert_id } : properties)
  }

  /** Of the same user at the same moment as all its like: their ids alone tell them apart. */
  function twin(properties: Properties): PlannedEvent {
    return named(
      'twin',
      { distinct_id: 'twin', ...properties },
      { kind: 'imported', at: TWINS_TIME },
    )
  }

  /** One by itself has no number: it stands for its order. */
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
    return { text, kind, lacking: lackingIn(all), outcomes }

    /** The last may be left out in the end: the places of the others stay, and so do their ids. */
    function spoil(items: number) {
      if (random.chance(0.5)) return { spoiled: items, mended: 'left out' }
      return { spoiled: 1 + random.int(items) }
    }

    /** Legal, and unlike that of any other item: it must stay. */
    function itemId(place: number): Properties {
      if ('item_ids' in own) return { $insert_id: `${own.item_ids}-item-${place}` }
      return items === 1 && '$insert_id' in own ? { $insert_id: own.$insert_id } : {}
    }
  }

  function itemContent(properties: Properties): string {
    return contentOf('item', properties)
  }
}

/** Of several, all together. */
export function sumOf(all: readonly Lacking[]): Lacking {
  return {
    time: all.reduce((sum, { time }) => sum + time, 0),
    insertId: all.reduce((sum, { insertId }) => sum + insertId, 0),
  }
}

function lackingIn(properties: Properties): Lacking {
  return { time: 'time' in properties ? 0 : 1, insertId: '$insert_id' in properties ? 0 : 1 }
}

/** `at` is the moment of its row once the fault is mended; absent when it never is. */
export function letter(reason: string, at?: OwnTime | 'publish_time'): Fate {
  return { kind: 'letter', reason, ...(at !== undefined && { at }) }
}

/** Whether its row is at the publish time, and so under any that its message is delivered under. */
export function isAtPublishTime(fate: Fate): boolean {
  return 'at' in fate && fate.at === 'publish_time'
}

/** Legal, and as long as one may be. */
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
