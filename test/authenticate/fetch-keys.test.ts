import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { createFetchKeys, FetchKeysError } from '../../src/authenticate/fetch-keys.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { type KeyServer, startKeyServer } from './key-server.ts'

const KEY = { kty: 'RSA', kid: 'first', n: 'AQAB', e: 'AQAB' }

async function failureOf(keyServer: KeyServer): Promise<FetchKeysError> {
  const fetchKeys = createFetchKeys(keyServer.url, createFakeClock())
  try {
    await fetchKeys()
  } catch (error) {
    assert.ok(error instanceof FetchKeysError)
    assert.deepEqual(Object.keys(error), ['name', 'code'])
    return error
  }
  return assert.fail('it resolved')
}

async function startAnswering(t: TestContext, status: number, body: string): Promise<KeyServer> {
  const keyServer = await startKeyServer(t)
  keyServer.answer((_request, response) => {
    response.writeHead(status, { location: keyServer.url }).end(body)
  })
  return keyServer
}

it('resolves with the keys that the server publishes', async (t) => {
  const keyServer = await startKeyServer(t)
  const elliptic = { kty: 'EC', kid: 'other' }
  keyServer.publish(KEY, elliptic)

  const keySet = await createFetchKeys(keyServer.url, createFakeClock())()

  assert.deepEqual(keySet, { keys: [KEY, elliptic] })
})

for (const status of [204, 302, 404, 503]) {
  it(`rejects when the server answers with status ${status}`, async (t) => {
    const keyServer = await startAnswering(t, status, JSON.stringify({ keys: [KEY] }))

    const { message, code } = await failureOf(keyServer)

    assert.equal(message, `the key server answered with status ${status}`)
    assert.equal(code, `STATUS_${status}`)
    assert.equal(keyServer.asked(), 1)
  })
}

const bodies = [
  '',
  '<html>',
  'null',
  '[]',
  '{"keys":{}}',
  '{"keys":[]}',
  '{"keys":[null]}',
  '{"keys":["RSA"]}',
  '{"keys":[{"kty":"EC"}]}',
]
for (const body of bodies) {
  it(`rejects when the server answers ${JSON.stringify(body)}`, async (t) => {
    const keyServer = await startAnswering(t, 200, body)

    const { message, code } = await failureOf(keyServer)

    assert.equal(message, 'the key server answered without a set of RSA keys')
    assert.equal(code, 'NO_KEY_SET')
  })
}

it('rejects an answer that is far too long', async (t) => {
  const keyServer = await startAnswering(t, 200, 'x'.repeat(262_145))

  const { message } = await failureOf(keyServer)

  assert.match(message, /no usable answer/)
})

it('rejects an answer that is far too long once it is inflated', async (t) => {
  const keyServer = await startKeyServer(t)
  keyServer.answer((_request, response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(262_145)))
  })

  const { message } = await failureOf(keyServer)

  assert.match(message, /no usable answer/)
})

it('rejects when the server hangs up', async (t) => {
  const keyServer = await startKeyServer(t)
  keyServer.answer((request) => request.socket.destroy())

  const { message, code } = await failureOf(keyServer)

  assert.match(message, /no usable answer: ECONNRESET/)
  assert.equal(code, 'ECONNRESET')
})

it('gives up after five seconds, even on an answer that has begun', async (t) => {
  const keyServer = await startKeyServer(t)
  const clock = createFakeClock()
  const begun = new Promise<void>((resolve) => {
    keyServer.answer((_request, response) => {
      response.writeHead(200).write('{"keys":', () => resolve())
    })
  })

  const fetched = createFetchKeys(keyServer.url, clock)()
  const failed = assert.rejects(fetched, /no usable answer: TIMED_OUT/)
  await begun
  await clock.advance(5000)

  await failed
})

it('leaves no connection and no timer behind', async (t) => {
  const keyServer = await startKeyServer(t)
  const sockets = new Set<unknown>()
  keyServer.answer((request, response) => {
    sockets.add(request.socket)
    response.end(JSON.stringify({ keys: [KEY] }))
  })
  let timers = 0
  const after = () => {
    timers += 1
    return () => {
      timers -= 1
    }
  }
  const fetchKeys = createFetchKeys(keyServer.url, { ...createFakeClock(), after })

  await fetchKeys()
  await fetchKeys()

  assert.deepEqual([sockets.size, timers], [2, 0])
})

it('asks by way of no proxy that the environment names', async (t) => {
  const keyServer = await startKeyServer(t)
  keyServer.publish(KEY)
  const before = process.env.http_proxy
  process.env.http_proxy = 'http://127.0.0.1:1'
  t.after(() => {
    if (before === undefined) delete process.env.http_proxy
    else process.env.http_proxy = before
  })

  const keySet = await createFetchKeys(keyServer.url, createFakeClock())()

  assert.equal(keySet.keys.length, 1)
})
