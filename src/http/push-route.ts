import underPressure from '@fastify/under-pressure'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ByteBudget } from '../lib/byte-budget.ts'
import type { Clock } from '../lib/clock.ts'
import type { Authenticate, Authentication, Refused } from '../model/authentication.ts'
import { MAX_BODY_BYTES } from '../model/limits.ts'
import type { Message } from '../model/message.ts'
import type { Settlement } from '../model/settlement.ts'
import type { PushEnd, PushRequest, Telemetry } from '../model/telemetry.ts'
import { isPushEnvelope, PUSH_ENVELOPE, type PushEnvelope } from '../receive/envelope.ts'
import { isLetter, messageOf } from '../receive/message-of.ts'
import { originOf } from '../receive/origin-of.ts'
import type { Connections } from './connections.ts'
import { type Problem, sendProblem } from './problem.ts'
import {
  BODY_TOO_LARGE,
  DRAINING,
  OVERLOADED,
  problemOfNack,
  problemOfRefusal,
  SUBSCRIPTION_REFUSED,
} from './problems.ts'
import { JSON_TYPE, readBodiesAsJson } from './push-body.ts'
import { PUSH_URLS } from './push-urls.ts'
import { throwBodyAway } from './unread-body.ts'

export interface PushRouteOptions {
  /** The time after its headers within which a push is answered. */
  readonly answerWithinMs: number
  /** The mean delay of the event loop past which pushes are refused. */
  readonly maxEventLoopDelayMs: number
  readonly maxHeapUsedBytes: number
  /** The time between two samples of the event loop and of the heap. */
  readonly pressureSampleMs: number
}

/** The phase of the service at this moment. No push is taken while it drains. */
export interface Lifecycle {
  readonly phase: 'starting' | 'taking' | 'draining'
}

/** Resolves with the settlement of a message that this request brought. */
export type Settle = (
  message: Message,
  answerBy: number,
  request: PushRequest,
) => Promise<Settlement>

export interface PushRouteDeps {
  readonly clock: Clock
  readonly connections: Pick<Connections, 'noteGoodToken' | 'isFull'>
  readonly authenticate: Authenticate
  readonly budget: Pick<ByteBudget, 'openBody'>
  /** The subscriptions whose pushes are accepted. An empty set accepts all. */
  readonly subscriptions: ReadonlySet<string>
  readonly settle: Settle
  readonly lifecycle: Lifecycle
  /** Whether a late event loop was a freeze of the instance, which is not an overload. */
  readonly wasFrozen: () => boolean
  readonly telemetry: Pick<Telemetry, 'pushRefused' | 'messageSettled'>
}

const NO_BODY: PushEnvelope = { message: { messageId: '' } }

/**
 * The header of a client that waits for "100 Continue" before it sends a body (RFC 9110, 10.1.1).
 */
const AWAITS_CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i

declare module 'fastify' {
  interface FastifyRequest {
    /** Monotonic ms. */
    headersAt: number
  }
}

/**
 * Adds the push endpoint in a scope of its own: the checks before the body is read, and the answer
 * for the settlement of the message.
 */
export async function pushRoutes(
  app: FastifyInstance,
  { options, deps }: { options: PushRouteOptions; deps: PushRouteDeps },
): Promise<void> {
  const { clock, telemetry } = deps

  readBodiesAsJson(app, deps.budget)
  app.decorateRequest('headersAt', 0)
  // This comes first: a client without a good token learns nothing else.
  app.addHook('onRequest', letIn)
  await app.register(underPressure, {
    maxEventLoopDelay: options.maxEventLoopDelayMs,
    maxHeapUsedBytes: options.maxHeapUsedBytes,
    sampleInterval: options.pressureSampleMs,
    pressureHandler: (_request, reply, type) => answerUnderPressure(reply, type),
  })
  // Compiled once, however many apps are built.
  const validation = { schema: { body: PUSH_ENVELOPE }, validatorCompiler: () => isPushEnvelope }
  for (const url of PUSH_URLS) app.post<{ Body: PushEnvelope }>(url, validation, takePush)

  function letIn(
    request: FastifyRequest,
    reply: FastifyReply,
    next: (error?: Error) => void,
  ): void {
    const { headers } = request
    request.headersAt = clock.monotonic()
    request.announcedBytes = Number(headers['content-length'] ?? 0)
    headers['content-type'] = JSON_TYPE
    if (AWAITS_CONTINUE.test(headers.expect ?? '')) {
      request.askForBody = () => reply.raw.writeContinue()
    }
    const authentication = deps.authenticate(headers.authorization)
    if (authentication instanceof Promise) authentication.then(judge, next)
    else judge(authentication)

    function judge(judged: Authentication): void {
      if (judged.kind === 'refused') {
        refuseSender(reply, judged)
        return
      }
      deps.connections.noteGoodToken(request.raw, reply.raw)
      if (request.announcedBytes > MAX_BODY_BYTES) refuseUnread(reply, BODY_TOO_LARGE)
      else if (deps.lifecycle.phase === 'draining') refuseForNow(reply, DRAINING)
      else if (deps.connections.isFull()) refuseForNow(reply, OVERLOADED)
      else next()
    }
  }

  /** Answers when the service is under pressure. Otherwise the request goes on. */
  function answerUnderPressure(reply: FastifyReply, type: string): void {
    if (type === underPressure.TYPE_EVENT_LOOP_DELAY && deps.wasFrozen()) return
    refuseForNow(reply, OVERLOADED)
  }

  /** Takes a push. It is not async: the variables of an async function live as long as it waits. */
  function takePush(
    request: FastifyRequest<{ Body: PushEnvelope }>,
    reply: FastifyReply,
  ): FastifyReply | Promise<FastifyReply> {
    const { body, largeData } = request
    const message = messageOf(body)
    const pushed = largeData ? { ...message, data: largeData } : message
    const { subscriptions } = deps
    if (subscriptions.size > 0 && !subscriptions.has(pushed.subscription)) {
      refuse(reply, SUBSCRIPTION_REFUSED)
      return reply
    }
    const answerBy = request.headersAt + options.answerWithinMs
    const origin = isLetter(pushed) ? originOf(pushed) : pushed
    const settling = deps.settle(origin, answerBy, request)
    // A push that waits holds only what its answer needs.
    request.body = NO_BODY
    request.largeData = undefined
    const facts = { ...pushed, data: '', attributes: {} }
    return settling.then((settlement) => answer(reply, facts, settlement))
  }

  function answer(reply: FastifyReply, pushed: Message, settlement: Settlement): FastifyReply {
    const { request } = reply
    const elapsedMs = clock.monotonic() - request.headersAt
    telemetry.messageSettled(pushed, settlement, { request, elapsedMs })
    if (settlement.kind === 'ack') return reply.code(settlement.status).send()
    return sendProblem(reply, problemOfNack(settlement))
  }

  function refuseSender(reply: FastifyReply, refused: Refused): void {
    const problem = problemOfRefusal(refused)
    const logged = [problem.detail, refused.hint ?? []].flat().join(' ')
    telemetry.pushRefused({ ...problem, detail: logged }, pushEndOf(reply.request, clock))
    sendProblem(reply, problem)
  }

  function refuse(reply: FastifyReply, problem: Problem): void {
    telemetry.pushRefused(problem, pushEndOf(reply.request, clock))
    sendProblem(reply, problem)
  }

  /** Refuses a push, and ends its connection or its stream, so that the body is not read. */
  function refuseUnread(reply: FastifyReply, problem: Problem): void {
    if (!('stream' in reply.raw)) reply.header('connection', 'close')
    refuse(reply, problem)
  }

  /** Refuses a push with a good token, and keeps the connection for the pushes that follow. */
  function refuseForNow(reply: FastifyReply, problem: Problem): void {
    throwBodyAway(reply.request.raw, MAX_BODY_BYTES)
    refuse(reply, problem)
  }
}

/** Returns the end of a push that is answered at this moment. */
export function pushEndOf(request: FastifyRequest, clock: Pick<Clock, 'monotonic'>): PushEnd {
  return { request, elapsedMs: clock.monotonic() - request.headersAt }
}
