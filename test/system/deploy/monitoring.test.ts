import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parse } from '@cdktf/hcl2json'
import { program } from '../../../src/cli/commands.ts'
import { IMPORTED } from '../../../src/model/outcome.ts'
import { nack } from '../../../src/settle/settlement-of.ts'
import { createEventTotals } from '../../../src/telemetry/event-totals.ts'
import { createMetrics } from '../../../src/telemetry/metrics.ts'
import { createTelemetry } from '../../../src/telemetry/telemetry.ts'
import { anchorsIn, blocksIn, sectionOf, textOf } from '../../docs/markdown.ts'
import { aMessage, aPushEnd } from '../../helpers/builders.ts'
import { createFakeClock } from '../../helpers/fake-clock.ts'
import { createFakeIo } from '../../helpers/fake-io.ts'
import { createTestLogger } from '../../helpers/log-lines.ts'
import {
  ALERTS,
  conditionOf,
  DASHBOARD,
  LOG_METRICS,
  NAME,
  PROMETHEUS_TILES,
  queries,
  replaced,
  TREE,
} from './alerts.ts'
import { GOOGLE_LABELS, GOOGLE_METRICS, promqlName } from './google-metrics.ts'
import { extracted, passes } from './log-filter.ts'
import { at, entriesAt, listAt } from './tree.ts'

const RUNBOOK = textOf('docs/runbook.md')

/** An entry of our service, without its line. */
const anEntry = { resource: { type: 'cloud_run_revision', labels: { service_name: NAME } } }

describe('the alerts', () => {
  it('link a section of the runbook each, and every section has its alert', () => {
    const linked = ALERTS.map(([name, alert]) => {
      const content = String(at(alert, 'documentation', 'content'))
      const [, anchor] = /\]\(\$\{var\.runbook\}#([\w-]+)\)$/.exec(content) ?? []
      assert.ok(anchor !== undefined, name)
      return anchor
    })

    const [, ...sections] = anchorsIn(RUNBOOK)
    assert.deepEqual(linked.sort(), sections.sort())
    assert.equal(linked.length, 7)
  })

  it('get from the Terraform module what they need, and nothing else', async () => {
    const module = await parse('main.tf', textOf('deploy/terraform/main.tf'))
    const {
      source,
      count: _,
      depends_on: __,
      ...given
    } = Object.fromEntries(entriesAt(module, 'module', 'monitoring'))

    assert.equal(source, '../monitoring')
    const variables = entriesAt(TREE, 'variable').map(([name]) => name)
    assert.deepEqual(Object.keys(given).sort(), variables.sort())
  })

  it('ask for metrics that Google has', () => {
    const filters = ALERTS.map(([, alert]) =>
      at(alert, 'conditions', 'condition_threshold', 'filter'),
    )

    const metrics = filters
      .filter((filter) => filter !== undefined)
      .map((filter) => /metric\.type="([^"]*)"/.exec(String(filter))?.[1] ?? '')
    assert.equal(metrics.length, 2)
    for (const metric of metrics) assert.ok(GOOGLE_METRICS.has(metric), metric)
  })

  it('hold each condition for whole minutes, and send a line of the log at most every five', () => {
    for (const [name, alert] of ALERTS) {
      const [kind, condition] = conditionOf(alert)
      const period =
        kind === 'condition_matched_log'
          ? at(alert, 'alert_strategy', 'notification_rate_limit', 'period')
          : at(condition, 'duration')
      const seconds = Number(String(period).replace(/s$/, ''))

      assert.equal(seconds % 60, 0, name)
      if (kind === 'condition_matched_log') assert.ok(seconds >= 300, name)
    }
  })

  it('match the lines about each state in which messages go back, while it is on', () => {
    const filter = logFilterOf('events_refused')

    for (const enter of [
      (telemetry: Telemetry) => telemetry.misconfigured(401),
      (telemetry: Telemetry) => telemetry.suspected(2),
      (telemetry: Telemetry) => telemetry.allRejected({ reasons: { invalid_event: 2 } }),
    ]) {
      const entries = entriesOf(enter)

      assert.deepEqual(
        entries.map((entry) => passes(filter, entry)),
        [true],
      )
    }
  })

  it('match no line about the end of a state, and none about a nack', () => {
    const filter = logFilterOf('events_refused')
    const entries = [
      ...entriesOf((telemetry) => {
        telemetry.messageSettled(aMessage(), nack('throttled'), aPushEnd())
      }),
      { ...anEntry, jsonPayload: { event: 'state', state: 'suspect', change: 'left' } },
    ]

    assert.ok(entries.length > 1)
    assert.ok(entries.every((entry) => !passes(filter, entry)))
  })

  it('match the line about dead letters, and only that of their service', () => {
    const filter = logFilterOf('dead_letters')
    const stored = entriesOf((telemetry) => telemetry.deadLettersStored({ invalid_event: 2 }, 5))

    assert.deepEqual(
      stored.map((entry) => passes(filter, entry)),
      [true],
    )
    const others = stored.map((entry) => ({
      ...entry,
      resource: { ...entry.resource, labels: { service_name: 'another' } },
    }))
    assert.deepEqual(
      others.map((entry) => passes(filter, entry)),
      [false],
    )
  })
})

describe('the metrics from the log', () => {
  const counts = LOG_METRICS.filter(({ name }) => name.includes('/events_'))
  const delays = LOG_METRICS.filter(({ name }) => name.endsWith('/publish_to_import_ms'))

  it('count the lines about a state that is entered, by the state', () => {
    const [counter, ...others] = LOG_METRICS.filter(({ extractor }) => extractor === undefined)
    const entries = entriesOf((telemetry) => {
      telemetry.misconfigured(401)
      telemetry.deadLettersStored({ invalid_event: 1 }, 5)
    })

    const counted = entries.filter((entry) => passes(counter?.filter ?? '', entry))

    assert.equal(counter?.name, `${NAME}/states_entered`)
    assert.deepEqual(others, [])
    assert.deepEqual(
      counted.map((entry) => extracted(counter?.labels.state ?? '', entry)),
      ['misconfigured'],
    )
  })

  it('sum the events in the line of a minute, by what became of them', () => {
    const [minute = {}] = entriesOf(aMinute)

    const sums = counts.map(({ name, filter, extractor }) => [
      name,
      passes(filter, minute) && extracted(extractor ?? '', minute),
    ])
    assert.deepEqual(sums, [
      [`${NAME}/events_received`, 3],
      [`${NAME}/events_imported`, 3],
      [`${NAME}/events_dead_lettered`, 0],
      [`${NAME}/events_dropped`, 0],
      [`${NAME}/events_returned`, 0],
    ])
  })

  it('take the p99 of the delays from the line of a minute that had an import, and no other', () => {
    const entries = [...entriesOf(aMinute), ...entriesOf((telemetry) => telemetry.close())]

    const values = delays.flatMap(({ filter, extractor }) =>
      entries.map((entry) =>
        passes(filter, entry) ? extracted(extractor ?? '', entry) : undefined,
      ),
    )

    assert.deepEqual(values, [61_000, undefined])
  })

  it('have the threshold of an alert among the ends of their buckets', () => {
    const [, slow] = ALERTS.find(([name]) => name === 'slow') ?? []
    const [, condition] = conditionOf(slow)
    const [, threshold] = / > (\d+)\s*$/.exec(String(at(condition, 'query'))) ?? []

    assert.deepEqual(
      delays.map(({ bounds }) => bounds.includes(Number(threshold))),
      [true],
    )
    assert.equal(at(condition, 'disable_metric_validation'), true)
  })

  it('and those of Google are all that the queries use', () => {
    const known = new Set([
      ...[...GOOGLE_METRICS].flatMap(([name, kind]) =>
        kind === 'number' ? [promqlName(name)] : [`${promqlName(name)}_bucket`],
      ),
      ...counts.map(({ name }) => `${promqlName(`logging.googleapis.com/user/${name}`)}_sum`),
      promqlName(`logging.googleapis.com/user/${NAME}/states_entered`),
      ...delays.map(({ name }) => `${promqlName(`logging.googleapis.com/user/${name}`)}_bucket`),
    ])

    const used = queries().flatMap((query) => query.match(/\b[a-z]+_googleapis_com:\w+/g) ?? [])

    assert.deepEqual(
      used.filter((name) => !known.has(name)),
      [],
    )
    assert.ok(used.length > 20)
  })

  it('are asked for by labels that they have', () => {
    // Our own metrics have their labels in another test.
    const ofGoogle = queries().filter((query) => !query.includes('namespace='))
    for (const query of ofGoogle) {
      const matched = [...query.matchAll(/(\w+)!?="/g)].map(([, label = '']) => label)
      const grouped = [...query.matchAll(/(?:by|on) \((\w+)\)/g)].map(([, label = '']) => label)
      for (const label of [...matched, ...grouped]) {
        assert.ok(GOOGLE_LABELS.includes(label), `${label} in ${query}`)
      }
      for (const [open, close] of ['()', '{}', '[]'].map((pair) => pair.split(''))) {
        assert.equal(query.split(open ?? '').length, query.split(close ?? '').length, query)
      }
    }
  })
})

describe('the dashboard', () => {
  it('has tiles that fit into its columns and lie on no other', () => {
    const layout = at(JSON.parse(DASHBOARD), 'mosaicLayout')
    const columns = Number(at(layout, 'columns'))
    const all = [...listAt(layout, 'tiles'), ...listAt({ _: JSON.parse(PROMETHEUS_TILES) }, '_')]
    const tiles = all.map((tile) =>
      ['xPos', 'yPos', 'width', 'height'].map((side) => Number(at(tile, side))),
    )

    for (const [x = 0, y = 0, width = 0, height = 0] of tiles) {
      assert.ok(x + width <= columns)
      const covered = tiles.filter(
        ([left = 0, top = 0, w = 0, h = 0]) =>
          left < x + width && x < left + w && top < y + height && y < top + h,
      )
      assert.equal(covered.length, 1)
    }
    assert.ok(tiles.length > 20)
  })

  it('asks the collector for metrics that the service has, by labels that they have', async () => {
    const text = await exampleMetrics()
    const tiles = PROMETHEUS_TILES.matchAll(/"prometheusQuery": ("(?:\\.|[^"])*")/g)
    const asked = [...tiles].map(([, query = '""']) => JSON.parse(query))

    for (const query of asked) {
      for (const [name = ''] of query.matchAll(/\bpubsub_mixpanel_\w+/g)) {
        assert.match(text, new RegExp(`^${name}[{ ]`, 'm'), query)
      }
      for (const [, label = ''] of query.matchAll(/sum by \((\w+)\)/g)) {
        const [name] = query.match(/\bpubsub_mixpanel_\w+/) ?? []
        assert.match(text, new RegExp(`^${name}\\{(?:.*,)?${label}="`, 'm'), query)
      }
      assert.match(query, /\{cluster="__run__",namespace="\$\{name\}"\}/)
    }
    assert.ok(asked.length > 8)
  })
})

describe('the runbook', () => {
  it('begins each section with a command of ours', () => {
    for (const heading of RUNBOOK.match(/^## .*$/gm) ?? []) {
      const [first = ''] = blocksIn(sectionOf(RUNBOOK, heading), 'sh')

      assert.match(first, /^pubsub-mixpanel (doctor|dead-letters) /m, heading)
    }
  })

  it('names only commands and flags that there are', async () => {
    const [output = 'none'] =
      textOf('deploy/terraform/outputs.tf').match(/pubsub-mixpanel [^"]*/) ?? []
    const commands = blocksIn(RUNBOOK, 'sh').flatMap(
      (block) => block.match(/^pubsub-mixpanel .*$/gm) ?? [],
    )
    commands.push(output)

    for (const command of commands) {
      const [words = '', ...flags] = command.split(/(?= --[a-z])/)
      const io = createFakeIo()
      const code = await program.run([...words.split(' ').slice(1), '--help'], io)

      assert.equal(code, 0, command)
      for (const flag of flags) {
        const [name = ''] = flag.trim().split(' ')
        assert.match(io.out(), new RegExp(`^ +${name}\\b`, 'm'), command)
      }
    }
    assert.ok(commands.length > 5)
  })
})

/** A minute in which a message of three events was imported 61 s after it was published. */
function aMinute(telemetry: Telemetry, eventTotals: EventTotals): void {
  const ack = { kind: 'ack', reason: 'imported', status: 204 } as const
  eventTotals.receive(3)
  eventTotals.settle([{ outcome: IMPORTED, count: 3 }], ack)
  const message = aMessage({ publishedAt: createFakeClock().now() - 61_000 })
  telemetry.messageSettled(message, ack, aPushEnd())
  telemetry.close()
}

type EventTotals = ReturnType<typeof createEventTotals>
type Telemetry = ReturnType<typeof createTelemetry>

/** The metrics of a service in which something of each has happened, as a collector reads them. */
async function exampleMetrics(): Promise<string> {
  const eventTotals = createEventTotals()
  const metrics = createMetrics({
    eventTotals,
    bufferedBytes: () => 0,
    rateLimit: () => 0,
    logLinesDropped: () => 0,
  })
  const ack = { kind: 'ack', reason: 'imported', status: 204 } as const
  eventTotals.settle([{ outcome: IMPORTED, count: 1 }], ack)
  metrics.requestSeconds.observe({ status: 200 }, 0.05)
  return metrics.text()
}

/** The entries that Cloud Logging makes of the lines that the service writes meanwhile. */
function entriesOf(act: (telemetry: Telemetry, eventTotals: EventTotals) => void) {
  const lines: string[] = []
  const eventTotals = createEventTotals()
  const metrics = createMetrics({
    eventTotals,
    bufferedBytes: () => 0,
    rateLimit: () => 0,
    logLinesDropped: () => 0,
  })
  const log = createTestLogger('info', (line) => lines.push(line))
  const telemetry = createTelemetry({
    log,
    metrics,
    eventTotals,
    clock: createFakeClock(),
    isOn: () => true,
    projectId: () => undefined,
  })
  act(telemetry, eventTotals)
  return lines.map((line) => ({ ...anEntry, jsonPayload: JSON.parse(line) }))
}

function logFilterOf(alert: string): string {
  const [, policy] = ALERTS.find(([name]) => name === alert) ?? []
  return replaced(at(policy, 'conditions', 'condition_matched_log', 'filter'))
}
