import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IMPORTED } from '../../src/model/outcome.ts'
import { ACK_REASONS, type Settlement } from '../../src/model/settlement.ts'
import type { Telemetry } from '../../src/model/telemetry.ts'
import { nack } from '../../src/settle/settlement-of.ts'
import { createEventTotals } from '../../src/telemetry/event-totals.ts'
import { createMetrics } from '../../src/telemetry/metrics.ts'
import type { State } from '../../src/telemetry/state-lines.ts'
import { createTelemetry } from '../../src/telemetry/telemetry.ts'
import { aMessage, aPushEnd } from '../helpers/builders.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { createTestLogger } from '../helpers/log-lines.ts'

const MINUTE_MS = 60_000
const ACK: Settlement = { kind: 'ack', reason: 'imported', status: 204 }
const REFUSED: Settlement = { kind: 'nack', reason: 'invalid_json', status: 422 }
const NO_TOKEN = { status: 401, code: 'TOKEN_MISSING', detail: 'no token' }
const DRAINING = { status: 503, code: 'DRAINING', detail: 'shutting down' }
const HELD = 4_096
const RATE = 30_000
const IMPORT = { status: 200, events: 3, bytes: 900, elapsedMs: 50 } as const

describe('a settled message', () => {
  it('is counted by what Pub/Sub was told and why', async () => {
    const { telemetry, sampleOf } = createScene()

    telemetry.messageSettled(aMessage(), ACK, aPushEnd())
    telemetry.messageSettled(aMessage(), ACK, aPushEnd())
    telemetry.messageSettled(aMessage(), nack('throttled'), aPushEnd())

    assert.equal(await sampleOf('messages_settled_total{settlement="ack",reason="imported"}'), 2)
    assert.equal(await sampleOf('messages_settled_total{settlement="nack",reason="throttled"}'), 1)
  })

  it('is counted as empty when it had no event', async () => {
    const { telemetry, sampleOf } = createScene()

    for (const reason of ACK_REASONS) {
      telemetry.messageSettled(aMessage(), { kind: 'ack', reason, status: 204 }, aPushEnd())
    }

    assert.equal(await sampleOf('empty_messages_total'), 1)
  })

  it('is timed from its publishing when it was imported, and only then', async () => {
    const { telemetry, sampleOf, clock } = createScene()
    const message = aMessage({ publishedAt: clock.now() - 2_500 })

    for (const reason of ACK_REASONS) {
      telemetry.messageSettled(message, { kind: 'ack', reason, status: 204 }, aPushEnd())
    }
    telemetry.messageSettled(message, nack('throttled'), aPushEnd())
    const { publishedAt: _, ...unpublished } = message
    telemetry.messageSettled(unpublished, ACK, aPushEnd())

    assert.equal(await sampleOf('publish_to_import_seconds_count'), 1)
    assert.equal(await sampleOf('publish_to_import_seconds_sum'), 2.5)
  })

  it('takes no time when the publisher is ahead of us', async () => {
    const { telemetry, sampleOf, clock } = createScene()

    telemetry.messageSettled(aMessage({ publishedAt: clock.now() + 2_500 }), ACK, aPushEnd())

    assert.equal(await sampleOf('publish_to_import_seconds_sum'), 0)
  })

  it('is an ERROR when it is left to a dead-letter policy that seems to be missing', () => {
    const { telemetry, warnings } = createScene()

    telemetry.messageSettled(aMessage({ deliveryAttempt: 1 }), REFUSED, aPushEnd())
    assert.deepEqual(severitiesOf(warnings()), ['WARNING'])
    telemetry.messageSettled(aMessage(), REFUSED, aPushEnd())

    assert.deepEqual(severitiesOf(warnings()), ['WARNING', 'ERROR'])
  })
})

describe('the line of a nack', () => {
  for (const [settlement, status, code] of [
    [nack('throttled'), 503, 'THROTTLED'],
    [nack('deadline'), 503, 'DEADLINE'],
    [REFUSED, 422, 'INVALID_JSON'],
  ] as const) {
    it(`says status and code of the answer: ${status} ${code}`, () => {
      const { telemetry, warnings } = createScene()

      telemetry.messageSettled(
        aMessage({ messageId: '7', deliveryAttempt: 1 }),
        settlement,
        aPushEnd(),
      )

      const [{ time, severity, ...line } = {}] = warnings()
      assert.deepEqual(line, {
        event: 'settled',
        messageId: '7',
        settlement: 'nack',
        reason: settlement.reason,
        ms: 1,
        status,
        code,
        times: 1,
        message: `message nacked: ${status} ${code}`,
      })
    })
  }
})

describe('a push', () => {
  it('that was refused or failed has its line at level debug, with what is known of it', () => {
    const { telemetry, lines } = createScene('debug')

    telemetry.pushRefused(NO_TOKEN, aPushEnd())
    telemetry.pushFailed(new Error(), aPushEnd())
    telemetry.messageSettled(aMessage(), { ...ACK, events: 2 }, aPushEnd())

    const pushes = lines().filter(({ event }) => event === 'push')
    assert.deepEqual(
      pushes.map(({ severity, reason, events, message }) => [severity, reason, events, message]),
      [
        ['DEBUG', 'token_missing', undefined, 'push refused: 401 TOKEN_MISSING'],
        ['WARNING', 'unforeseen', undefined, 'push refused: 500 UNFORESEEN'],
        ['DEBUG', 'imported', 2, 'push acked'],
      ],
    )
  })

  it('that was nacked is a warning', () => {
    const { telemetry, lines } = createScene()

    telemetry.messageSettled(aMessage({ messageId: '7' }), nack('throttled'), aPushEnd())

    assert.partialDeepStrictEqual(lines(), [
      { event: 'settled', messageId: '7' },
      { event: 'push', severity: 'WARNING', messageId: '7', reason: 'throttled', suppressed: 0 },
    ])
  })
})

describe('a state', () => {
  it('has a line when it is entered, one a minute while it lasts, and one when it is left', async () => {
    const { telemetry, lines, clock, on } = createScene()
    on.add('misconfigured')
    for (let n = 0; n < 3; n += 1) telemetry.misconfigured(401)
    await clock.advance(MINUTE_MS)
    telemetry.misconfigured(401)
    telemetry.messageSettled(aMessage(), ACK, aPushEnd())

    on.delete('misconfigured')
    telemetry.messageSettled(aMessage(), ACK, aPushEnd())
    telemetry.messageSettled(aMessage(), ACK, aPushEnd())

    assert.deepEqual(statesIn(lines()), [
      ['ERROR', 'misconfigured', 'entered', 1],
      ['ERROR', 'misconfigured', 'lasts', 3],
      ['INFO', 'misconfigured', 'left', undefined],
    ])
  })

  it('has a line by the end of the minute when no message tells that it is over', async () => {
    const { telemetry, lines, clock, on } = createScene()
    telemetry.eventsReceived(1)
    on.add('all_rejected')
    telemetry.allRejected({ reasons: { invalid_event: 3 }, field: 'properties.time' })

    on.delete('all_rejected')
    await clock.advance(MINUTE_MS)

    assert.deepEqual(statesIn(lines()), [
      ['ERROR', 'all_rejected', 'entered', 1],
      ['INFO', 'all_rejected', 'left', undefined],
    ])
  })

  it('that comes and goes has a line once a minute', async () => {
    const { telemetry, lines, clock, on } = createScene()
    const comeAndGo = () => {
      on.add('suspect')
      telemetry.suspected(2)
      on.delete('suspect')
      telemetry.messageSettled(aMessage(), ACK, aPushEnd())
    }

    for (let n = 0; n < 5; n += 1) comeAndGo()
    await clock.advance(MINUTE_MS)
    comeAndGo()

    assert.deepEqual(statesIn(lines()), [
      ['ERROR', 'suspect', 'entered', 1],
      ['INFO', 'suspect', 'left', undefined],
      ['ERROR', 'suspect', 'entered', 5],
      ['INFO', 'suspect', 'left', undefined],
    ])
  })
})

describe('a duration', () => {
  it('is a whole number of ms in every line', () => {
    const { telemetry, lines } = createScene('debug')

    telemetry.messageSettled(aMessage(), ACK, aPushEnd({ elapsedMs: 41.284_125 }))
    telemetry.messageSettled(aMessage(), nack('throttled'), aPushEnd({ elapsedMs: 0.4 }))
    telemetry.requestEnded({ ...IMPORT, elapsedMs: 50.5 })
    telemetry.requestEnded({ ...IMPORT, status: 503, elapsedMs: 7_000.01 })

    assert.deepEqual(
      lines().map(({ event, ms }) => [event, ms]),
      [
        ['push', 41],
        ['settled', 0],
        ['push', 0],
        ['request', 51],
        ['request', 7_000],
      ],
    )
  })
})

describe('a Mixpanel that cannot be reached', () => {
  const unreachable = { ...IMPORT, status: 'mixpanel_unreachable' } as const

  it('is logged with its cause, once a minute for each cause', async () => {
    const { telemetry, warnings, clock } = createScene()

    telemetry.requestEnded({ ...unreachable, cause: 'ENOTFOUND' })
    telemetry.requestEnded({ ...unreachable, cause: 'ENOTFOUND' })
    telemetry.requestEnded({ ...unreachable, cause: 'CERT_HAS_EXPIRED' })
    await clock.advance(MINUTE_MS)
    telemetry.requestEnded({ ...unreachable, cause: 'ENOTFOUND' })

    assert.deepEqual(
      warnings().map(({ cause, times, message }) => ({ cause, times, message })),
      [
        { cause: 'ENOTFOUND', times: 1, message: 'Mixpanel cannot be reached: ENOTFOUND' },
        {
          cause: 'CERT_HAS_EXPIRED',
          times: 1,
          message: 'Mixpanel cannot be reached: CERT_HAS_EXPIRED',
        },
        { cause: 'ENOTFOUND', times: 2, message: 'Mixpanel cannot be reached: ENOTFOUND' },
      ],
    )
  })

  it('is counted under its cause, and a status that HTTP has no class for as other', async () => {
    const { telemetry, sampleOf } = createScene()

    telemetry.requestEnded({ ...unreachable, cause: 'ECONNREFUSED' })
    telemetry.requestEnded({ ...IMPORT, status: 599 })
    telemetry.requestEnded({ ...IMPORT, status: 600 })
    telemetry.requestEnded({ ...IMPORT, status: 999 })

    const count = 'mixpanel_request_seconds_count'
    assert.equal(await sampleOf(`${count}{status="mixpanel_unreachable:ECONNREFUSED"}`), 1)
    assert.equal(await sampleOf(`${count}{status="599"}`), 1)
    assert.equal(await sampleOf(`${count}{status="other"}`), 2)
  })
})

describe('the line of each minute', () => {
  it('has the event totals with what the minute added', async () => {
    const { telemetry, infos, clock } = createScene()
    telemetry.eventsReceived(3)
    telemetry.eventsSettled([{ outcome: IMPORTED, count: 1 }], ACK)
    telemetry.messageSettled(aMessage(), ACK, aPushEnd())
    await clock.advance(MINUTE_MS)
    telemetry.eventsReceived(1)
    telemetry.close()

    const nothing = { imported: 0, dead_lettered: 0, dropped: 0, returned: 0 }
    const one = { ...nothing, imported: 1 }
    assert.deepEqual(
      infos().map(
        ({ event, delta, received, imported, dead_lettered, dropped, returned, pending }) => ({
          event,
          delta,
          received,
          imported,
          dead_lettered,
          dropped,
          returned,
          pending,
        }),
      ),
      [
        {
          event: 'minute',
          delta: { received: 3, ...one, pending: 2 },
          received: 3,
          ...one,
          pending: 2,
        },
        {
          event: 'minute',
          delta: { received: 1, ...nothing, pending: 1 },
          received: 4,
          ...one,
          pending: 3,
        },
      ],
    )
  })

  it('has the delays of imports, the requests by status, the rate and the bytes held', async () => {
    const { telemetry, infos, clock } = createScene()
    telemetry.eventsReceived(3)
    telemetry.requestEnded(IMPORT)
    telemetry.requestEnded(IMPORT)
    telemetry.requestEnded({ ...IMPORT, status: 'mixpanel_unreachable', cause: 'ECONNREFUSED' })
    telemetry.messageSettled(aMessage({ publishedAt: clock.now() - 500 }), ACK, aPushEnd())
    telemetry.messageSettled(aMessage({ publishedAt: clock.now() + 500 }), ACK, aPushEnd())
    telemetry.messageSettled(aMessage(), nack('throttled'), aPushEnd())
    await clock.advance(MINUTE_MS)
    telemetry.eventsReceived(1)
    await clock.advance(MINUTE_MS)

    const gauges = { rateLimitEventsPerSecond: RATE, bufferedBytes: HELD }
    assert.partialDeepStrictEqual(infos(), [
      {
        publishToImportMs: { p50: 1, p99: 500, count: 2 },
        requests: { 200: 2, 'mixpanel_unreachable:ECONNREFUSED': 1 },
        ...gauges,
      },
      { publishToImportMs: { count: 0 }, requests: {}, ...gauges },
    ])
    assert.deepEqual(Object.keys(infos()[1]?.publishToImportMs ?? {}), ['count'])
    assert.deepEqual(infos()[1]?.requests, {})
  })

  it('comes for messages without an event, too', async () => {
    const { telemetry, infos, clock } = createScene()

    telemetry.messageSettled(aMessage(), { kind: 'ack', reason: 'empty', status: 204 }, aPushEnd())
    await clock.advance(MINUTE_MS)

    assert.equal(infos().length, 1)
  })
})

describe('each report', () => {
  for (const [what, tell, samples] of [
    [
      'events that came and went',
      (telemetry) => {
        telemetry.eventsReceived(2)
        telemetry.eventsSettled([{ outcome: IMPORTED, count: 1 }], ACK)
      },
      {
        events_received_total: 2,
        'events_settled_total{outcome="imported",reason=""}': 1,
        events_pending: 1,
      },
    ],
    [
      'a refused push',
      (telemetry) => telemetry.pushRefused(NO_TOKEN, aPushEnd()),
      { 'pushes_refused_total{code="TOKEN_MISSING"}': 1 },
    ],
    [
      'a request to no route',
      (telemetry) => telemetry.noSuchRoute(undefined),
      { 'pushes_refused_total{code="NOT_FOUND"}': 1 },
    ],
    [
      'events that Mixpanel left out of its count',
      (telemetry) => telemetry.shortfall(2),
      { mixpanel_shortfall_events_total: 2 },
    ],
    ['a duplicate push', (telemetry) => telemetry.duplicatePush(), { duplicate_pushes_total: 1 }],
    [
      'a request to Mixpanel',
      (telemetry) => telemetry.requestEnded(IMPORT),
      {
        'mixpanel_request_seconds_sum{status="200"}': 0.05,
        batch_events_sum: 3,
        batch_bytes_sum: 900,
      },
    ],
    [
      'a request without an answer',
      (telemetry) => telemetry.requestEnded({ ...IMPORT, status: 'mixpanel_timeout' }),
      { 'mixpanel_request_seconds_sum{status="mixpanel_timeout"}': 0.05 },
    ],
    [
      'a stored dead letter',
      (telemetry) => telemetry.deadLettersStored({ invalid_json: 1 }, 20),
      { dead_letter_write_seconds_sum: 0.02 },
    ],
  ] satisfies [string, (telemetry: Telemetry) => void, Record<string, number>][]) {
    it(`is counted: ${what}`, async () => {
      const { telemetry, sampleOf } = createScene()

      tell(telemetry)

      for (const [sample, value] of Object.entries(samples)) {
        assert.equal(await sampleOf(sample), value, sample)
      }
    })
  }

  it('names stored dead letters by reason, all of them by the end of the minute', async () => {
    const { telemetry, lines, clock } = createScene()

    telemetry.eventsReceived(6)
    telemetry.deadLettersStored({ invalid_json: 1 }, 1)
    telemetry.deadLettersStored({ invalid_json: 2, too_large: 1 }, 1)
    telemetry.deadLettersStored({ invalid_json: 2 }, 1)
    await clock.advance(60_000)

    const told = lines().filter(({ event }) => event === 'dead_letters')
    assert.deepEqual(
      told.map(({ count, reasons, times }) => [count, reasons, times]),
      [
        [1, { invalid_json: 1 }, 1],
        [5, { invalid_json: 4, too_large: 1 }, 2],
      ],
    )
    assert.match(String(told[1]?.message), /dead letters: invalid_json 4, too_large 1$/)
  })

  for (const [what, severity, tell] of [
    [
      'a nack',
      'WARNING',
      (telemetry) => telemetry.messageSettled(aMessage(), nack('throttled'), aPushEnd()),
    ],
    ['a refused push', 'WARNING', (telemetry) => telemetry.pushRefused(NO_TOKEN, aPushEnd())],
    [
      'a request with a token to no route',
      'WARNING',
      (telemetry) => telemetry.noSuchRoute('POST /pubsub'),
    ],
    [
      'a batch that was not imported whole',
      'WARNING',
      (telemetry) => telemetry.requestEnded({ ...IMPORT, status: 429 }),
    ],
    [
      'stored dead letters',
      'WARNING',
      (telemetry) => telemetry.deadLettersStored({ invalid_json: 1 }, 20),
    ],
    [
      'dead letters that could not be stored',
      'ERROR',
      (telemetry) => telemetry.deadLettersNotStored(new Error()),
    ],
    [
      'a dead-letter topic that could not be asked for',
      'WARNING',
      (telemetry) => telemetry.deadLetterTopicUnproven(new Error()),
    ],
    ['an import that falls short', 'WARNING', (telemetry) => telemetry.shortfall(2)],
    ['refusals without a name', 'ERROR', (telemetry) => telemetry.suspected(2)],
    [
      'a topic of which nothing passes',
      'ERROR',
      (telemetry) => telemetry.allRejected({ reasons: { invalid_event: 3 } }),
    ],
    ['refused credentials', 'ERROR', (telemetry) => telemetry.misconfigured(401)],
    ['keys that could not be had', 'ERROR', (telemetry) => telemetry.keysNotFetched(new Error())],
    ['a bug', 'ERROR', (telemetry) => telemetry.unforeseen(new Error())],
    [
      'a push that a bug ended',
      'ERROR',
      (telemetry) => telemetry.pushFailed(new Error(), aPushEnd()),
    ],
  ] satisfies [string, string, (telemetry: Telemetry) => void][]) {
    it(`is said once a minute, with the number of times: ${what}`, async () => {
      const { telemetry, warnings, clock } = createScene()

      for (let n = 0; n < 5; n += 1) tell(telemetry)
      await clock.advance(MINUTE_MS)
      tell(telemetry)

      assert.deepEqual(severitiesOf(warnings()), [severity, severity])
      assert.deepEqual(
        warnings().map(({ times }) => times),
        [1, 5],
      )
    })
  }

  it('is not said of what goes well', () => {
    const { telemetry, warnings } = createScene()

    telemetry.messageSettled(aMessage(), ACK, aPushEnd())
    telemetry.requestEnded(IMPORT)
    telemetry.duplicatePush()

    assert.deepEqual(warnings(), [])
  })

  it('is said of each cause apart', () => {
    const { telemetry, warnings } = createScene()

    telemetry.messageSettled(aMessage(), nack('misconfigured'), aPushEnd())
    telemetry.misconfigured(401)
    telemetry.messageSettled(aMessage(), nack('throttled'), aPushEnd())
    telemetry.pushRefused(NO_TOKEN, aPushEnd())
    telemetry.pushRefused(DRAINING, aPushEnd())
    telemetry.requestEnded({ ...IMPORT, status: 401 })
    telemetry.requestEnded({ ...IMPORT, status: 429 })

    assert.deepEqual(severitiesOf(warnings()), [
      'WARNING',
      'ERROR',
      ...Array.from({ length: 5 }, () => 'WARNING'),
    ])
  })

  it('says how a request to Mixpanel ended', () => {
    const { telemetry, warnings } = createScene()

    telemetry.requestEnded({ ...IMPORT, status: 413 })
    telemetry.requestEnded({ ...IMPORT, status: 'mixpanel_timeout' })
    telemetry.requestEnded({ ...IMPORT, status: 'mixpanel_unreachable', cause: 'ENOTFOUND' })

    assert.deepEqual(
      warnings().map(({ message }) => message),
      [
        'Mixpanel answered a batch with status 413',
        'Mixpanel did not answer a batch in time',
        'Mixpanel cannot be reached: ENOTFOUND',
      ],
    )
  })

  it('is said every time at level debug', () => {
    const { telemetry, lines } = createScene('debug')

    for (let n = 0; n < 3; n += 1) {
      telemetry.messageSettled(aMessage(), ACK, aPushEnd())
      telemetry.pushRefused(NO_TOKEN, aPushEnd())
    }

    const said = lines().map(({ message }) => message)
    assert.equal(said.filter((message) => message === 'push acked').length, 3)
    assert.equal(said.filter((message) => message === 'push refused: no token').length, 3)
  })
})

function createScene(level = 'info') {
  const written: string[] = []
  const clock = createFakeClock()
  const eventTotals = createEventTotals()
  const on = new Set<State>()
  const metrics = createMetrics({
    eventTotals,
    bufferedBytes: () => HELD,
    rateLimit: () => RATE,
    logLinesDropped: () => 0,
  })
  const log = createTestLogger(level, (line) => written.push(line))
  const telemetry = createTelemetry({
    log,
    metrics,
    eventTotals,
    clock,
    isOn: (state) => on.has(state),
    projectId: () => 'my-project',
  })
  return { telemetry, clock, on, lines, infos, warnings, sampleOf }

  function lines(): Record<string, unknown>[] {
    return written.map((line) => JSON.parse(line))
  }

  function infos(): Record<string, unknown>[] {
    return lines().filter(({ severity }) => severity === 'INFO')
  }

  function warnings(): Record<string, unknown>[] {
    return lines().filter(({ severity, event }) => severity !== 'INFO' && event !== 'push')
  }

  async function sampleOf(sample: string): Promise<number> {
    const start = `pubsub_mixpanel_${sample} `
    const line = (await metrics.text()).split('\n').find((line) => line.startsWith(start))
    return Number(line?.slice(start.length))
  }
}

function statesIn(lines: readonly Record<string, unknown>[]): readonly unknown[] {
  return lines
    .filter(({ event }) => event === 'state')
    .map(({ severity, state, change, times }) => [severity, state, change, times])
}

function severitiesOf(lines: readonly Record<string, unknown>[]): readonly unknown[] {
  return lines.map(({ severity }) => severity)
}
