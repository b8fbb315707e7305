import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, it, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import axios from 'axios'
import Fastify from 'fastify'
import type { Logger } from 'pino'
import { BUG, createLogger } from '../../src/telemetry/logger.ts'
import { VERSION } from '../../src/version.ts'

const TOKEN = 'secret-token'
const EVENT = '{"event":"secret-name","properties":{"distinct_id":"secret-person"}}'
const SECRETS = /secret|c2VjcmV0/i

describe('a log line', () => {
  for (const [level, severity] of [
    ['trace', 'DEBUG'],
    ['debug', 'DEBUG'],
    ['info', 'INFO'],
    ['warn', 'WARNING'],
    ['error', 'ERROR'],
    ['fatal', 'CRITICAL'],
  ] as const) {
    it(`of level ${level} has Cloud Logging's severity ${severity}`, () => {
      const { log, lines } = createScene()

      log[level]('hello')

      assert.equal(JSON.parse(lines[0] ?? '').severity, severity)
    })
  }

  it('is one JSON object with a severity, a time, its fields and a message', () => {
    const { log, lines } = createScene()

    log.info({ times: 3 }, 'two\nlines')

    assert.equal(lines.length, 1)
    const { time, ...rest } = JSON.parse(lines[0] ?? '')
    assert.deepEqual(rest, { severity: 'INFO', times: 3, message: 'two\nlines' })
    assert.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('is not written below the level asked for', () => {
    const { log, lines } = createScene('warn')

    log.info('hello')
    log.warn('hello')

    assert.equal(lines.length, 1)
  })
})

describe('an error in a log line', () => {
  it('is its type, code, status and the frames of its stack', async (t) => {
    const { log, lines } = createScene()
    const error = await refusedByMixpanel(t)

    log.error({ err: error }, 'not imported')

    const { err, stack_trace, message } = JSON.parse(lines[0] ?? '')
    assert.deepEqual(err, { type: 'AxiosError', code: 'ERR_BAD_REQUEST', status: 401 })
    assert.match(stack_trace, /^AxiosError: not imported\n {4}at .*:\d+:\d+\)?\n/)
    assert.equal(message, 'not imported')
  })

  it('that is no error is a type', () => {
    const { log, lines } = createScene()

    log.error({ err: EVENT }, 'thrown')

    assert.deepEqual(JSON.parse(lines[0] ?? '').err, { type: 'string' })
  })

  for (const [what, makeError] of [
    ['an HTTP client', refusedByMixpanel],
    ['a JSON parser', async () => thrownBy(() => JSON.parse('{"event": secret}'))],
    ['a JSON parser of several lines', async () => thrownBy(() => JSON.parse(QUOTED_LINES))],
    ['an error that quotes a line like a frame', async () => new Error(`no\n    at ${EVENT}`)],
    ['an error that changed its message', async () => reworded(new Error(`no\n    at ${EVENT}`))],
    ['an error that has its cause in its stack', async () => withCauseInStack(new Error('no'))],
    ['an error whose name and codes quote an event', async () => Object.assign(new Error(), TEXTS)],
    ['an error with codes that are objects', async () => Object.assign(new Error(), OBJECT_CODES)],
    [
      'an error with another for its cause',
      async (t: TestContext) => new Error('no', { cause: await refusedByMixpanel(t) }),
    ],
    [
      'an error that holds several',
      async (t: TestContext) => new AggregateError([await refusedByMixpanel(t)], EVENT),
    ],
  ] as const) {
    it(`of ${what} tells no secret, however it is logged`, async (t) => {
      const { log, lines } = createScene()
      const error = await makeError(t)
      assert.match(inspect(error), SECRETS)

      log.error({ err: error })
      log.error({ err: error }, 'text')
      log.error(error)
      log.error(error, 'text')
      log.child({ reqId: 1 }).fatal(error)

      assert.equal(lines.length, 5)
      assert.doesNotMatch(lines.join(''), SECRETS)
    })
  }
})

describe('a line of severity ERROR and above', () => {
  it('names the service and its revision, and no other line does', () => {
    const lines: string[] = []
    const context = { service: 'events', version: 'events-00017-abc' }
    const log = createLogger('trace', { write: (line) => lines.push(line) }, context)

    log.warn({ err: new Error('no') }, 'text')
    log.error({ times: 3 }, 'text')
    log.error('text')
    log.child({ event: 'http' }).fatal(new Error('no'))

    assert.deepEqual(
      lines.map((line) => JSON.parse(line).serviceContext),
      [undefined, context, context, context],
    )
    assert.deepEqual(JSON.parse(lines[1] ?? '').times, 3)
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).message),
      ['text', 'text', 'text', 'an error'],
    )
  })

  it('names the program and its version off Cloud Run', () => {
    const { log, lines } = createScene()

    log.error('text')

    const { serviceContext } = JSON.parse(lines[0] ?? '')
    assert.deepEqual(serviceContext, { service: 'pubsub-mixpanel', version: VERSION })
  })

  it('has a stack that begins with the text of the line when it has an error', () => {
    const { log, lines } = createScene()

    log.error({ ...BUG, err: new TypeError('secret') }, 'a bug')
    log.error({ err: 'secret' }, 'thrown')

    const [bug, thrown] = lines.map((line) => JSON.parse(line))
    assert.match(bug.stack_trace, /^TypeError: a bug\n {4}at /)
    assert.equal('stack_trace' in thrown, false)
  })
})

describe('a request in a log line', () => {
  it("tells no secret: neither the token nor the body, nor a thrown error's text", async (t) => {
    const { log, lines } = createScene()
    const app = Fastify({ loggerInstance: log })
    t.after(() => app.close())
    app.setErrorHandler((err, request, reply) => {
      request.log.error({ err, req: request, res: reply })
      return reply.code(500).send()
    })
    app.post('/', async (request, reply) => {
      request.log.info({ req: request, res: reply }, 'a push')
      throw new Error(EVENT)
    })

    await app.inject({
      method: 'POST',
      url: '/',
      headers: { authorization: `Bearer ${TOKEN}` },
      payload: JSON.parse(EVENT),
    })

    assert.ok(lines.length >= 2)
    assert.doesNotMatch(lines.join(''), SECRETS)
  })
})

const QUOTED_LINES = '{"event":\n    at secret'
const TEXTS = { name: 'secret-name', code: 'secret-person', status: EVENT }
const OBJECT_CODES = { code: { token: TOKEN }, status: [EVENT] }

function createScene(level = 'trace'): { log: Logger; lines: readonly string[] } {
  const lines: string[] = []
  return { log: createLogger(level, { write: (line) => lines.push(line) }), lines }
}

/** The error of axios about refused credentials. It holds them, the body and the answer. */
async function refusedByMixpanel(t: TestContext): Promise<Error> {
  const server = createServer((_request, response) => response.writeHead(401).end(EVENT))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return axios
    .post(`http://127.0.0.1:${port}/import?token=${TOKEN}`, EVENT, {
      auth: { username: TOKEN, password: TOKEN },
      proxy: false,
      headers: { 'x-authorization': `Bearer ${TOKEN}`, connection: 'close' },
    })
    .then(() => new Error('nothing was refused'))
    .catch((error: unknown) => (error instanceof Error ? error : new Error('no error')))
}

function thrownBy(task: () => unknown): Error {
  try {
    task()
  } catch (error) {
    if (error instanceof Error) return error
  }
  return new Error('nothing was thrown')
}

function withCauseInStack(error: Error): Error {
  error.stack += `\ncaused by Error: ${EVENT}`
  return error
}

/** Its stack begins with the old message. */
function reworded(error: Error): Error {
  Object.assign(error, { stack: error.stack, message: 'reworded' })
  return error
}
