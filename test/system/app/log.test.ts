import assert from 'node:assert/strict'
import { execFileSync, type StdioOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { startTokenIssuer } from '../../../src/local/token-issuer.ts'
import { freePorts } from '../../helpers/free-ports.ts'
import { settled, until } from '../../helpers/until.ts'
import { aFolder, environmentOf } from '../../helpers/world.ts'

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
/** At level trace, more lines than a pipe holds: 64 KiB. */
const PUSHES = 600

type Stdout = 'pipe' | number

/** The service in a process whose standard output is this. */
async function startScene(t: TestContext, stdout: Stdout, env: Record<string, string> = {}) {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer()
  t.after(() => issuer.close())
  const port = await freePorts(2)
  const url = `http://127.0.0.1:${port}`
  const ports = { PORT: String(port), METRICS_PORT: String(port + 1) }
  const all = { ...environmentOf(mixpanel, issuer, await aFolder(t)), ...ports, ...env }
  const stdio: StdioOptions = ['ignore', stdout, 'pipe']
  const service = spawn(process.execPath, [MAIN], { env: all, stdio })
  t.after(() => service.kill('SIGKILL'))
  const pusher = createPusher({ endpoint: `${url}/push`, token: () => issuer.token() })
  t.after(() => pusher.close())
  const ended = once(service, 'exit')
  return { service, ended, isReady, pushes, dropped }

  async function isReady(): Promise<void> {
    const ask = () => fetch(`${url}/health/ready`).catch(() => undefined)
    await until('it is ready', async () => (await ask())?.status === 200)
  }

  async function pushes(count: number): Promise<ReadonlySet<number>> {
    const statuses = new Set<number>()
    for (let n = 0; n < count; n += 20) {
      const some = Array.from({ length: 20 }, () => pusher.push({ data: DATA }))
      for (const { status } of await Promise.all(some)) statuses.add(status)
    }
    return statuses
  }

  async function dropped(): Promise<number> {
    const metrics = await fetch(`http://127.0.0.1:${port + 1}/metrics`)
    return Number(/log_lines_dropped_total (\d+)/.exec(await metrics.text())?.[1])
  }
}

const DATA = '{"event":"a","properties":{"distinct_id":"u"}}'

describe('a service whose log cannot be written', () => {
  it('goes on and ends with code 0: a pipe that nobody reads', async (t) => {
    const fifo = join(await aFolder(t), 'log')
    execFileSync('mkfifo', [fifo])
    // The reader holds the pipe open, and does not read.
    const fd = openSync(fifo, constants.O_RDWR)
    t.after(() => closeSync(fd))
    const { service, ended, isReady, pushes } = await startScene(t, fd)

    await isReady()
    const statuses = await pushes(PUSHES)
    service.kill('SIGTERM')

    assert.deepEqual(statuses, new Set([204]))
    assert.deepEqual(await settled('its end', ended), [0, null])
  })

  it('counts the lines, goes on and ends with code 0: a full disk', async (t) => {
    const full = openSync('/dev/full', 'w')
    t.after(() => closeSync(full))
    const { service, ended, isReady, pushes, dropped } = await startScene(t, full)

    await isReady()
    const statuses = await pushes(20)
    const lines = await dropped()
    service.kill('SIGTERM')

    assert.deepEqual(statuses, new Set([204]))
    assert.ok(lines >= 20, `${lines} lines`)
    assert.deepEqual(await settled('its end', ended), [0, null])
  })

  it('counts the lines, goes on and ends with code 0: a reader that has gone', async (t) => {
    const { service, ended, isReady, pushes, dropped } = await startScene(t, 'pipe')
    await isReady()
    service.stdout?.destroy()

    const statuses = await pushes(20)
    await until('lines are dropped', async () => (await dropped()) >= 20)
    service.kill('SIGTERM')

    assert.deepEqual(statuses, new Set([204]))
    assert.deepEqual(await settled('its end', ended), [0, null])
  })

  it('says on standard error why it does not start', async (t) => {
    const full = openSync('/dev/full', 'w')
    t.after(() => closeSync(full))
    const { service, ended } = await startScene(t, full, { METRICS_PORT: '1', HOST: '192.0.2.77' })
    assert.ok(service.stderr)

    const said = text(service.stderr)

    assert.deepEqual(await settled('its end', ended), [1, null])
    assert.match(await said, /HOST 192\.0\.2\.77/)
  })
})
