import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { portsFrom } from '../../src/cli/ports.ts'
import { suggestedCommands } from '../../src/cli/suggested-commands.ts'
import { inForce } from '../../src/config/in-force.ts'
import { publishedForm, publishedWhole } from '../../src/dead-letter/letter-form.ts'
import { makeDeadLetter, makeLetterOfMany } from '../../src/dead-letter/make-dead-letter.ts'
import { DEGRADED_REASONS } from '../../src/http/health-routes.ts'
import { LETTER_ATTRIBUTES, LETTER_PREFIX } from '../../src/model/letter-attributes.ts'
import { IMPORTED, REJECT_REASONS, rejected } from '../../src/model/outcome.ts'
import { createPrepare } from '../../src/prepare/prepare.ts'
import { settlementOf } from '../../src/settle/settlement-of.ts'
import { createEventTotals } from '../../src/telemetry/event-totals.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import { readAll } from '../decode/read-all.ts'
import { aMessage, aPreparedEvent } from '../helpers/builders.ts'
import { load, ON_CLOUD_RUN } from '../helpers/config.ts'
import { blocksIn, sectionOf, spansIn, tableOf, textOf } from './markdown.ts'
import { DECLARED } from './openapi-document.ts'

const STATUSES = textOf('docs/statuses.md')
const EVENTS = textOf('docs/events.md')
const LETTERS = textOf('docs/dead-letters.md')
const OPERATE = textOf('docs/operate.md')
const DEVELOPMENT = textOf('docs/development.md')

describe('the pages', () => {
  it('have every status and code that a push is answered with', () => {
    const rows = tableOf(STATUSES, 'status', 'code', 'what happened', 'what happens next')

    const told = rows.flatMap(({ status, code }) =>
      [...spansIn(code), ...(code === '' ? [''] : [])].map((one) => `${spansIn(status)} ${one}`),
    )

    const declared = DECLARED.filter(({ route }) => route === 'POST /push').flatMap(
      ({ status, codes }) => codes.map((code) => `${status} ${code}`),
    )
    assert.deepEqual(told.sort(), declared.sort())
  })

  it('have every metric with its type and labels', async () => {
    const rows = tableOf(OPERATE, 'metric', 'type', 'meaning')

    const told = rows.map(({ metric, type }) => `${spansIn(metric)} ${type}`)

    assert.deepEqual(told.sort(), (await metricsOfTheService()).sort())
  })

  it('have every field of a dead letter, and every reason for one', () => {
    const rows = tableOf(LETTERS, 'field', 'meaning')
    const meaningOf = (name: string) => rows.find(({ field }) => field === `\`${name}\``)?.meaning

    const many = makeLetterOfMany(
      aMessage(),
      { events: 2, lines: '1-2', reasons: {} },
      0,
      publishedWhole(aMessage()),
    )
    const letters = [aDeadLetter('of an event'), aDeadLetter('of a message'), many]

    const fields = new Set(letters.flatMap((letter) => Object.keys(letter)))
    assert.deepEqual(new Set(rows.flatMap(({ field }) => spansIn(field))), fields)
    assert.deepEqual(spansIn(meaningOf('reason')), [...REJECT_REASONS, 'too_many_rejected'])
    assert.deepEqual(
      new Set(spansIn(meaningOf('message'))),
      new Set(letters.flatMap(({ message }) => Object.keys(message))),
    )
  })

  it('have every attribute of a dead letter in a topic', () => {
    const rows = tableOf(LETTERS, 'attribute', 'meaning')

    assert.deepEqual(
      rows.flatMap(({ attribute }) => spansIn(attribute)),
      LETTER_ATTRIBUTES.map((name) => `${LETTER_PREFIX}${name}`),
    )
  })

  it('show what becomes of their example events', () => {
    const [given = '', sent = ''] = blocksIn(EVENTS, 'json')

    const message = aMessage({ publishedAt: Date.parse('2026-11-24T09:00:00Z') })
    const prepare = createPrepare({ insertId: 'message' })(message)
    const prepared = readAll(Buffer.from(given)).map(({ line, parsed }) => {
      const value = parsed.kind === 'json' ? parsed.value : undefined
      return prepare({ line, child: 0, text: line.text, value })
    })

    assert.ok(EVENTS.includes(`\`${message.messageId}\``))
    const texts = prepared.map((event) => (event.kind === 'prepared' ? event.text : event.detail))
    assert.deepEqual(texts, sent.trim().split('\n'))
  })

  it('show lines to paste as the local world prints them', () => {
    const [shown = ''] = blocksIn(
      sectionOf(textOf('docs/local-world.md'), '## A whole world on your machine'),
      'sh',
    )
    const at = (port: number) => ({ url: `http://127.0.0.1:${port}` })
    const { service, issuer, mixpanel, pubsub } = portsFrom(8080)

    const printed = suggestedCommands(
      {
        service: { ...at(service), pid: 1 },
        issuer: at(issuer),
        mixpanel: at(mixpanel),
        pubsub: at(pubsub),
        deadLetterFolder: 'd',
        logFile: 'l',
        publishCommand: 'npm run local:publish --',
      },
      8080,
    )

    const lines = printed.split('\n').map((line) => line.trim())
    for (const line of shown.trim().split('\n')) assert.ok(lines.includes(line), line)
  })

  it('show the log lines of a good deployment with fields that there are', () => {
    const [shown = '[]'] = blocksIn(textOf('docs/deploy-cloud-run.md'), 'json')
    const [minute, started] = JSON.parse(shown)

    const { delta, ...rest } = minute.jsonPayload
    assert.deepEqual(Object.keys(delta), Object.keys(createEventTotals().snapshot()))
    assert.equal(rest.event, 'minute')
    const fields = Object.keys(inForce(load({ ...ON_CLOUD_RUN, DEAD_LETTER: 'subscription' })))
    for (const field of Object.keys(started.jsonPayload)) {
      assert.ok(['event', 'message', ...fields].includes(field), field)
    }
  })

  it('show the example of a transform as it is', () => {
    const [shown = 'nothing'] = blocksIn(textOf('docs/transforms.md'), 'js')

    assert.ok(textOf('examples/transform.mjs').includes(shown))
  })

  it('name no reason for being degraded that there is not', () => {
    const [, reasons] = /with reasons ([^.]*)\./.exec(OPERATE.replaceAll('\n', ' ')) ?? []

    for (const reason of spansIn(reasons)) assert.ok(DEGRADED_REASONS.some((one) => one === reason))
    assert.ok(spansIn(reasons).length > 0)
  })

  for (const [part, heading] of [
    ['dependencies', 'At run time:'],
    ['devDependencies', 'To develop:'],
  ] as const) {
    it(`have a reason for each of the ${part}`, () => {
      const text = DEVELOPMENT.slice(DEVELOPMENT.indexOf(`\n${heading}\n`))
      const rows = tableOf(text, 'package', 'why')

      const packages = rows.flatMap((row) => spansIn(row.package))

      assert.deepEqual(packages.sort(), Object.keys(packageJson[part]).sort())
      assert.ok(rows.every(({ why }) => why))
    })
  }
})

/** Each as `name{label,label} type`, once something of each has happened. */
async function metricsOfTheService(): Promise<string[]> {
  const eventTotals = createEventTotals()
  const metrics = createMetrics({
    eventTotals,
    bufferedBytes: () => 0,
    rateLimit: () => 0,
    logLinesDropped: () => 0,
  })
  eventTotals.settle([{ outcome: IMPORTED, count: 1 }], settlementOf([IMPORTED], 'to_store'))
  metrics.countRule('orders', 'matched')
  metrics.answers.ack.set('imported', 1)
  metrics.pushesRefused.inc({ code: 'OVERLOADED' })
  metrics.requestSeconds.observe({ status: 200 }, 0.05)
  const text = await metrics.text()
  return [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type]) => {
    const sample = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? `, 'm').exec(text)
    const labels = [...(sample?.[1] ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label)
    return `${name}${labels.length > 0 ? `{${labels.join(',')}}` : ''} ${type}`
  })
}

function aDeadLetter(kind: 'of an event' | 'of a message') {
  const event = {
    child: 1,
    children: 2,
    outcome: rejected('refused_by_mixpanel', 'no good', 'properties.time'),
    ordinal: 2,
    ...(kind === 'of an event' && {
      line: { number: 1, text: '{}' },
      prepared: aPreparedEvent(),
    }),
  }
  return makeDeadLetter(
    { ...aMessage(), orderingKey: 'k', deliveryAttempt: 1 },
    event,
    0,
    publishedForm,
  )
}
