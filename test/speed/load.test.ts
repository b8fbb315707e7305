import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { json } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { http2Connections } from '../../bench/speed/http2-connections.ts'
import { createLoad } from '../../bench/speed/load.ts'
import { templateOf } from '../../bench/speed/workload.ts'

async function loadOn(t: TestContext, answer: RequestListener) {
  const server = createServer(answer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const template = templateOf({ eventsAPush: 1, eventBytes: 300 })
  const load = createLoad({ port, template, token: 'a-token' })
  t.after(() => {
    load.close()
    server.close()
    server.closeAllConnections()
  })
  return load
}

describe('the load of a benchmark', () => {
  it('pushes with a token and an id of its own each time', async (t) => {
    const ids: string[] = []
    const tokens = new Set<string | undefined>()
    const load = await loadOn(t, async (request, response) => {
      const { message } = Object(await json(request))
      ids.push(message.messageId)
      tokens.add(request.headers.authorization)
      response.writeHead(204).end()
    })

    const { pushes, failed, latencies } = await load.closedLoop(3, 50)

    assert.equal(failed, 0)
    assert.ok(pushes >= 3)
    assert.equal(latencies.length, pushes)
    assert.equal(new Set(ids).size, pushes)
    assert.deepEqual([...tokens], ['Bearer a-token'])
  })

  it('counts what is not acked, its body and all', async (t) => {
    const load = await loadOn(t, (request, response) => {
      request.resume()
      response.writeHead(503, { 'content-length': 5 }).end('later')
    })

    const { pushes, failed } = await load.closedLoop(2, 20)

    assert.equal(failed, pushes)
  })

  it('goes on over a new connection when one is closed, answered or not', async (t) => {
    let asked = 0
    const load = await loadOn(t, (request, response) => {
      request.resume()
      asked += 1
      if (asked % 2 === 0) request.socket.destroy()
      else response.writeHead(204, { connection: 'close' }).end()
    })

    const { pushes, failed } = await load.openLoop(200, 50)

    assert.equal(pushes, 10)
    assert.equal(failed, 5)
  })

  it('pushes as many as the rate and the time make', async (t) => {
    const load = await loadOn(t, (request, response) => {
      request.resume()
      response.writeHead(204).end()
    })

    assert.equal((await load.openLoop(1_000, 30)).pushes, 30)
  })
})

it('pushes over HTTP/2, with a hundred streams a connection', async (t) => {
  const ids = new Set<string>()
  let sessions = 0
  const server = createHttp2Server(async (request, response) => {
    const { message } = Object(await json(request))
    ids.add(`${message.messageId} ${request.headers.authorization}`)
    response.writeHead(message.messageId.endsWith('7') ? 503 : 204).end()
  })
  server.on('session', () => {
    sessions += 1
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const template = templateOf({ eventsAPush: 1, eventBytes: 300 })
  const options = { port, template, token: 'a-token' }
  const load = createLoad(options, http2Connections(options))
  t.after(() => {
    load.close()
    server.close()
  })

  const { pushes, failed, latencies } = await load.closedLoop(150, 0)

  assert.equal(pushes, 150)
  assert.equal(failed, 15)
  assert.equal(latencies.length, 150)
  assert.equal(ids.size, 150)
  assert.equal(sessions, 2)
})
