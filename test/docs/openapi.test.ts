import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { refused } from '../../src/authenticate/refused.ts'
import { buildApp } from '../../src/http/app.ts'
import { DEGRADED_REASONS, type Health } from '../../src/http/health-routes.ts'
import type { PushRouteDeps } from '../../src/http/push-route.ts'
import { createByteBudget } from '../../src/lib/byte-budget.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { REFUSAL_CODES, TRUSTED } from '../../src/model/authentication.ts'
import { REJECT_REASONS, RETRY_REASONS, rejected, retry } from '../../src/model/outcome.ts'
import { PUSH_ENVELOPE } from '../../src/receive/envelope.ts'
import { settlementOf } from '../../src/settle/settlement-of.ts'
import { VERSION } from '../../src/version.ts'
import { components, DECLARED, fitsSchema, info } from './openapi-document.ts'

/** The situation of a request. Everything that is absent goes well. */
interface Situation {
  readonly name: string
  readonly deps?: Partial<PushRouteDeps>
  readonly health?: Partial<Health>
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const ENVELOPE = '{"message":{"messageId":"1"},"subscription":"projects/p/subscriptions/s"}'
const TOO_LARGE = String(17 * 1024 * 1024)

const PUSHES: readonly Situation[] = [
  { name: 'all is well' },
  { name: 'the service drains', deps: { lifecycle: { phase: 'draining' } } },
  { name: 'the service is full', deps: { budget: createByteBudget(0) } },
  { name: 'the subscription is not on the list', deps: { subscriptions: new Set(['another']) } },
  { name: 'the body is not JSON', body: '{' },
  { name: 'the body is no push', body: '{}' },
  { name: 'the body is too large', headers: { 'content-length': TOO_LARGE } },
  { name: 'there is a bug', deps: { settle: () => Promise.reject(new Error('a bug')) } },
  ...REFUSAL_CODES.map((code) => ({
    name: `the token is refused: ${code}`,
    deps: { authenticate: () => refused(code) },
  })),
  ...RETRY_REASONS.map((reason) => ({
    name: `an event is to be retried: ${reason}`,
    deps: { settle: async () => settlementOf([retry(reason)], 'to_store') },
  })),
  ...REJECT_REASONS.map((reason) => ({
    name: `an event is left to the subscription: ${reason}`,
    deps: { settle: async () => settlementOf([rejected(reason, 'bad')], 'to_subscription') },
  })),
]

const HEALTH_CHECKS: readonly Situation[] = [
  { name: 'all is well' },
  { name: 'not all is well', health: { reasons: () => DEGRADED_REASONS } },
  { name: 'no pushes are taken', health: { takesPushes: () => false } },
]

const ANSWERS = [
  ...(await answersTo(['POST /push', 'POST /push/', 'POST /'], PUSHES)),
  ...(await answersTo(['GET /health/live', 'GET /health/ready'], HEALTH_CHECKS)),
]

describe('openapi.yaml', () => {
  for (const { name, route, status, mediaType, headers, text, body } of ANSWERS) {
    it(`declares the answer to ${route} when ${name}`, () => {
      const declared = DECLARED.find((one) => one.route === route && one.status === status)

      assert.ok(declared, `status ${status} is not declared`)
      assert.equal(mediaType, declared.mediaType)
      assert.deepEqual(headers, declared.headers)
      assert.ok(declared.fits(body), `not as declared: ${text}`)
    })
  }

  it('declares no status and no code that the server never answers', () => {
    const answered = ANSWERS.map(({ route, status, body }) => [route, status, body?.code ?? ''])
    const declared = DECLARED.flatMap(({ route, status, codes }) =>
      codes.map((code) => [route, status, code]),
    )

    const never = declared.filter((one) => !answered.some((other) => `${other}` === `${one}`))

    assert.deepEqual(never, [])
  })

  it('declares every route and no other', async () => {
    const app = anApp({ name: 'all is well' })
    const routes: string[] = []
    app.addHook('onRoute', ({ method, url }) => {
      // Fastify adds HEAD to each GET.
      if (method !== 'HEAD') routes.push(`${method} ${url}`)
    })
    await app.ready()
    await app.close()

    assert.deepEqual(new Set(routes), new Set(DECLARED.map(({ route }) => route)))
  })

  it('has the shape of the problem that any other route is answered with', async () => {
    const isProblem = fitsSchema({ $ref: '#/components/schemas/Problem' })

    const [answer] = await answersTo(['GET /push'], [{ name: 'there is no such route' }])
    const { status, mediaType, body } = answer ?? {}

    assert.equal(`${status} ${mediaType}`, '404 application/problem+json')
    assert.equal(body?.code, 'NOT_FOUND')
    assert.ok(isProblem(body))
  })

  it('has the schema by which pushes are judged', () => {
    assert.deepEqual(components.schemas.PushEnvelope, PUSH_ENVELOPE)
  })

  it('has every reason for which the service may be degraded', () => {
    const { reasons } = components.schemas.Ready?.properties ?? {}

    assert.deepEqual(reasons?.items?.enum, DEGRADED_REASONS)
  })

  it('has the version of package.json', () => {
    assert.equal(info.version, VERSION)
  })
})

async function answersTo(routes: readonly string[], situations: readonly Situation[]) {
  const answers = situations.map(async (situation) => {
    const app = anApp(situation)
    const some = await Promise.all(routes.map((route) => answerTo(app, route, situation)))
    await app.close()
    return some
  })
  return (await Promise.all(answers)).flat()
}

async function answerTo(app: FastifyInstance, route: string, situation: Situation) {
  const { name, body: payload = ENVELOPE, headers: sent = {} } = situation
  const [method, url = ''] = route.split(' ')
  const answer = await app.inject(
    method === 'GET' ? { url } : { method: 'POST', url, payload, headers: sent },
  )
  const { statusCode: status, headers, payload: text } = answer
  const mediaType = headers['content-type']?.toString().split(';')[0]
  const body: { code?: string } | undefined = text === '' ? undefined : answer.json()
  const told = ['www-authenticate', 'retry-after'].filter((header) => header in headers)
  return { name, route, status, mediaType, headers: told, text, body }
}

function anApp({ deps, health }: Situation): FastifyInstance {
  const telemetry = {
    pushRefused: () => {},
    pushFailed: () => {},
    noSuchRoute: () => {},
    messageSettled: () => {},
    unforeseen: () => {},
  }
  return buildApp({
    log: pino({ level: 'silent' }),
    telemetry,
    connectionLimits: { max: 10 },
    drain: async () => {},
    health: { takesPushes: () => true, reasons: () => [], ...health },
    push: {
      options: {
        answerWithinMs: 9_000,
        maxEventLoopDelayMs: 0,
        maxHeapUsedBytes: 0,
        pressureSampleMs: 1_000,
      },
      deps: {
        clock: systemClock,
        authenticate: () => TRUSTED,
        budget: createByteBudget(Number.POSITIVE_INFINITY),
        subscriptions: new Set(),
        settle: async () => settlementOf([], 'to_store'),
        lifecycle: { phase: 'taking' },
        wasFrozen: () => false,
        telemetry,
        ...deps,
      },
    },
  })
}
