// The CPU that a mapping of ten rules adds to an event, beside a service without one.
// sh tools/node.sh bench/mapping.ts

import { parseLine } from '../src/decode/parse-line.ts'
import type { Body } from '../src/model/event.ts'
import type { Message } from '../src/model/message.ts'
import { createEventsOf } from '../src/pipeline.ts'
import { createPrepare } from '../src/prepare/prepare.ts'
import { createRuleTotals } from '../src/telemetry/rule-totals.ts'
import { compileMapping } from '../src/transform/mapping/compile-mapping.ts'
import type { MappingFile, Rule } from '../src/transform/mapping/mapping-file.ts'
import { compilePrivacy } from '../src/transform/mapping/privacy/compile-privacy.ts'
import { withPrivacy } from '../src/transform/mapping/privacy/with-privacy.ts'
import { asPublished, type Transform } from '../src/transform/transform.ts'

const EVENTS = 2_000
const ROUNDS = 40
/** The most that a mapping may add to an event. */
const MOST_US = 15

const MESSAGE: Message = {
  messageId: '2070443601311540',
  subscription: 'projects/p/subscriptions/s',
  data: '',
  attributes: { source: 'web' },
  publishTime: '2026-11-24T09:00:00Z',
  publishedAt: Date.UTC(2026, 10, 24, 9),
}

const CONDITIONS: readonly Rule[] = Array.from({ length: 9 }, (_, at) => ({
  name: `rule ${at}`,
  when: `data.kind${at} == "other" && data.total > ${at}`,
  drop: true,
}))
const FILE: MappingFile = {
  version: 1,
  rules: [
    ...CONDITIONS,
    {
      name: 'orders',
      when: 'data.type == "order.placed" || data.type == null',
      event: 'Order Placed',
      distinct_id: '${data.customer == null ? "" : data.customer.id}',
      insert_id: '${data.order_id}',
      properties: {
        from: '${data}',
        omit: ['type', 'customer'],
        rename: { total: 'order_total' },
        set: { source: '${attributes.source}', item_count: '${data.items}' },
      },
    },
  ],
}

const present = bodyOf(() => ({ ...kinds(), ...order() }))
const absent = bodyOf(() => ({ some: { other: ['form'] }, of: 'data', n: 5 }))
const mapping = await mappingOf(FILE)
const hashing = withPrivacy(mapping, privacy())
const rows = [
  { name: 'all keys present', body: present, transform: mapping },
  { name: 'no key present', body: absent, transform: mapping },
  { name: 'all keys present, one keyed hash', body: present, transform: hashing },
]

let failed = 0
for (const { name, body, transform } of rows) {
  const [without, withMapping] = interleaved(
    runOf(asPublished, asEvents(body)),
    runOf(transform, body),
  )
  const added = withMapping - without
  const isGood = added <= MOST_US
  if (!isGood) failed += 1
  console.log(
    `${isGood ? 'good' : 'BAD '} ${name}: ${added.toFixed(1)} µs more than ${without.toFixed(1)} µs`,
  )
}
process.exitCode = failed > 0 ? 1 : 0

/** Returns the least CPU of each, in µs an event. The rounds take turns. */
function interleaved(one: () => void, other: () => void): readonly [number, number] {
  let least: readonly [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  for (let round = 0; round < ROUNDS; round++) {
    least = [Math.min(least[0], cpuUsOf(one)), Math.min(least[1], cpuUsOf(other))]
  }
  return least
}

function cpuUsOf(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / EVENTS
}

/** Makes a run of the stages from the text of a line to an event for Mixpanel. */
function runOf(transform: Transform, { body, places }: Lines): () => void {
  const prepare = createPrepare({ insertId: 'message' })
  const eventsOf = createEventsOf({
    parse: parseLine,
    transform,
    prepare,
    countRule: createRuleTotals().count,
  })
  return () => {
    const eventsOfLine = eventsOf(MESSAGE, 'first')
    for (const place of places) {
      const [event] = eventsOfLine(body, place).events
      if (event?.step.kind !== 'prepared') throw new Error(JSON.stringify(event?.step))
    }
  }
}

interface Lines {
  readonly texts: readonly string[]
  readonly body: Body
  readonly places: readonly { number: number; start: number; end: number }[]
}

function bodyOf(make: (at: number) => object): Lines {
  return linesOf(Array.from({ length: EVENTS }, (_, at) => JSON.stringify(make(at))))
}

/** Returns the same data as properties of events of Mixpanel. */
function asEvents({ texts }: Lines): Lines {
  return linesOf(texts.map((text) => `{"event":"Order Placed","properties":${text}}`))
}

function linesOf(texts: readonly string[]): Lines {
  let at = 0
  const places = texts.map((text, index) => {
    const start = at
    at += text.length + 1
    return { number: index + 1, start, end: start + text.length }
  })
  return { texts, body: { bytes: Buffer.from(texts.join('\n')), isUtf8: true }, places }
}

function kinds(): object {
  return Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`kind${at}`, 'this']))
}

function order(): object {
  return {
    type: 'order.placed',
    order_id: 'o-17',
    placed_at: '2026-11-24T08:59:58Z',
    time: 1_795_510_798_000,
    total: 12.5,
    currency: 'EUR',
    customer: { id: 'u-1', company: 'acme', country: 'de' },
    items: 3,
    channel: 'web',
    campaign: 'autumn',
  }
}

async function mappingOf(file: MappingFile): Promise<Transform> {
  const compiled = await compileMapping(file, { placeOf: (path) => path.join('.') })
  if ('transform' in compiled) return compiled.transform
  throw new Error(JSON.stringify(compiled))
}

function privacy() {
  const env = { PRIVACY_KEY: 'a long random key' }
  const compiled = compilePrivacy([{ hash: 'ids', key: 'PRIVACY_KEY' }], {
    env,
    keys: 'environment',
  })
  if (compiled.kind === 'compiled') return compiled.privacy
  throw new Error(JSON.stringify(compiled.problems))
}
