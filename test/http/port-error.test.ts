import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { startMetricsServer } from '../../src/http/metrics-server.ts'
import { namingVariable } from '../../src/http/port-error.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const PARTS = {
  clock: createFakeClock(),
  metrics: { contentType: 'text/plain', text: async () => '' },
}

function listening(host: string, port: number) {
  const where = { variable: 'METRICS_PORT', host, port } as const
  return namingVariable(startMetricsServer({ host, port }, PARTS), where)
}

async function aTakenPort(t: TestContext): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  const address: AddressInfo | string | null = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

describe('a port that cannot be opened', () => {
  it('is told by its variable when it is taken', async (t) => {
    const port = await aTakenPort(t)

    await assert.rejects(listening('127.0.0.1', port), {
      name: 'PortError',
      code: 'EADDRINUSE',
      message:
        `METRICS_PORT ${port} is taken on 127.0.0.1: end the process that listens there, ` +
        'or set METRICS_PORT to another port',
    })
  })

  it('is told by HOST when the address is not of this machine', async () => {
    await assert.rejects(listening('192.0.2.77', 0), {
      message:
        'HOST 192.0.2.77 is no address of this machine: set 0.0.0.0, or one of its addresses',
    })
  })

  it('is told by its variable when it is for root', async () => {
    const refused = Promise.reject(Object.assign(new Error(), { code: 'EACCES' }))

    await assert.rejects(namingVariable(refused, { variable: 'PORT', host: '::', port: 80 }), {
      message: 'PORT 80 is not for this user: set PORT to a port from 1024 on',
    })
  })

  it('keeps an error that has another cause', async () => {
    const error = new Error('a bug')

    await assert.rejects(
      namingVariable(Promise.reject(error), { variable: 'PORT', host: '::', port: 80 }),
      error,
    )
  })

  it('changes nothing about one that opens', async (t) => {
    const server = await listening('127.0.0.1', 0)
    t.after(() => server.close())

    assert.ok(server.port > 0)
  })
})
