import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createAudit } from '../../../bench/survival/audit.ts'
import { sendAnswer } from '../../../src/local/answer.ts'
import { startLoopbackServer } from '../../../src/local/loopback-server.ts'

describe('the audit of a survival run', () => {
  it('finds nothing in event totals that balance, whatever the labels', async (t) => {
    const audit = createAudit()

    await audit.look(
      await aProcess(t, { received: 7, imported: 3, returned: 2, pending: 2 }),
      'any_moment',
    )

    assert.deepEqual(audit.complaints(), [])
    assert.equal(audit.looks(), 1)
  })

  it('finds an event that was received and is nowhere', async (t) => {
    const audit = createAudit()

    await audit.look(
      await aProcess(t, { received: 7, imported: 3, returned: 2, pending: 1 }),
      'any_moment',
    )

    assert.deepEqual(audit.complaints(), ['received 7 events, but settled 5 and pending 1'])
  })

  it('finds a process that shows no event totals', async () => {
    const audit = createAudit()

    await audit.look({ metricsUrl: () => 'http://127.0.0.1:9/metrics', pid: () => 0 }, 'any_moment')

    assert.equal(audit.complaints().length, 1)
  })

  it('knows how much memory a process has held, on Linux', async (t) => {
    const audit = createAudit()

    await audit.look(
      await aProcess(t, { received: 0, imported: 0, returned: 0, pending: 0 }),
      'settled',
    )

    assert.ok(process.platform !== 'linux' || audit.peakRssMiB() > 10)
  })
})

interface Totals {
  readonly received: number
  readonly imported: number
  readonly returned: number
  readonly pending: number
}

/** Metrics as the service has them, of a process that is this one. */
async function aProcess(t: TestContext, { received, imported, returned, pending }: Totals) {
  const body = `# TYPE pubsub_mixpanel_events_pending gauge
pubsub_mixpanel_events_pending ${pending}
# TYPE pubsub_mixpanel_events_received_total counter
pubsub_mixpanel_events_received_total ${received}
# TYPE pubsub_mixpanel_events_settled_total counter
pubsub_mixpanel_events_settled_total{outcome="imported",reason=""} ${imported}
pubsub_mixpanel_events_settled_total{outcome="returned",reason="deadline"} ${returned}
`
  const server = await startLoopbackServer({ name: 'metrics', port: 0 }, async (_, response) =>
    sendAnswer(response, { status: 200, body }),
  )
  t.after(server.close)
  return { metricsUrl: () => `${server.url}/metrics`, pid: () => process.pid }
}
