import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { MAX_BODY_BYTES } from '../model/limits.ts'
import type { Telemetry } from '../model/telemetry.ts'
import { type ConnectionLimits, createConnections } from './connections.ts'
import { type Health, healthRoutes } from './health-routes.ts'
import { createHttpServer } from './http-server.ts'
import type { Problem } from './problem.ts'
import { sendProblem } from './problem.ts'
import {
  BODY_NOT_JSON,
  BODY_TOO_LARGE,
  NOT_A_PUSH_ENVELOPE,
  NOT_FOUND,
  OVERLOADED,
  REQUEST_TIMEOUT,
  UNFORESEEN,
} from './problems.ts'
import { BodyError } from './push-body.ts'
import { type PushRouteDeps, type PushRouteOptions, pushEndOf, pushRoutes } from './push-route.ts'
import { bearsToken, safePathOf } from './safe-path.ts'
import { throwBodyAway } from './unread-body.ts'
import { answerUnreadable } from './unreadable-request.ts'

export interface AppDeps {
  readonly log: FastifyBaseLogger
  readonly connectionLimits: ConnectionLimits
  readonly push: {
    readonly options: PushRouteOptions
    readonly deps: Omit<PushRouteDeps, 'connections'>
  }
  readonly health: Health
  readonly telemetry: Pick<Telemetry, 'pushRefused' | 'pushFailed' | 'noSuchRoute' | 'unforeseen'>
  /** Resolves when no push waits any more. New pushes are refused meanwhile. */
  readonly drain: () => Promise<void>
}

/**
 * Builds the HTTP application. It opens no port and starts no timer before `ready()` or `listen()`.
 */
export function buildApp(appDeps: AppDeps): FastifyInstance {
  const { log, push, health, telemetry, drain } = appDeps
  const { clock } = push.deps
  const { resetsPerSecond, ...bounds } = appDeps.connectionLimits
  const connections = createConnections(bounds, clock)
  const app = Fastify({
    loggerInstance: childless(log.child({ event: 'http' })),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    serverFactory: (answer) => createHttpServer(answer, { clock, connections, resetsPerSecond }),
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (_error, request, reply) => refuseRoute(request, reply),
    // The push route answers by itself while the app closes.
    return503OnClosing: false,
    // A client that still sends a refused body must not delay the close after the drain.
    forceCloseConnections: true,
  })

  app.setErrorHandler<FastifyError>(answerError)
  app.removeAllContentTypeParsers()
  // This runs before the body is read: a body for a route that does not exist is not read.
  app.addHook('onRequest', (request, reply, next) => {
    if (request.is404) refuseRoute(request, reply)
    else next()
  })
  app.register(healthRoutes, { health })
  app.register(pushRoutes, { options: push.options, deps: { ...push.deps, connections } })
  // In onClose it would be too late: the pushes that wait would delay the close.
  app.addHook('preClose', () => {
    connections.sendAway()
    return drain()
  })
  return app

  function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const problem = problemOfError(error)
    const isPush = request.headersAt !== undefined
    const end = pushEndOf(request, push.deps.clock)
    if (problem === UNFORESEEN && isPush) telemetry.pushFailed(error, end)
    else if (problem === UNFORESEEN) telemetry.unforeseen(error)
    // A client that hung up reads no answer, and the missing rest of its body is not the owner's
    // fault.
    else if (!hasHungUp(request)) telemetry.pushRefused(problem, end)
    keepConnection(problem, request, reply)
    return sendProblem(reply, problem)
  }

  function refuseRoute(request: FastifyRequest, reply: FastifyReply): void {
    telemetry.noSuchRoute(bearsToken(request) ? safePathOf(request) : undefined)
    sendProblem(reply, NOT_FOUND)
  }
}

/**
 * Returns a logger that stands for its children. No request is logged, so a request needs no logger
 * of its own. Fastify would look at each one that a factory of ours makes.
 */
function childless(log: FastifyBaseLogger): FastifyBaseLogger {
  // valueOf returns the object that it is called on.
  return Object.create(log, { child: { value: Object.prototype.valueOf } })
}

/**
 * Keeps the connection where that is safe. Fastify closes it at each error while it reads a body.
 * HTTP/2 has no such header.
 */
function keepConnection({ status }: Problem, { raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete || status === 503 || 'stream' in raw) reply.removeHeader('connection')
  if (status === 503) throwBodyAway(raw, MAX_BODY_BYTES)
}

/** Whether the client hung up before its body was complete, or was too late with it. */
function hasHungUp({ raw }: FastifyRequest): boolean {
  return raw.aborted || (raw.destroyed && !raw.complete)
}

function problemOfError(error: FastifyError): Problem {
  if (error instanceof BodyError && error.statusCode === 503) return OVERLOADED
  if (error.validation) return NOT_A_PUSH_ENVELOPE
  if (error.statusCode === 413) return BODY_TOO_LARGE
  if (error.statusCode === 408) return REQUEST_TIMEOUT
  if (error.statusCode === 400) return BODY_NOT_JSON
  return UNFORESEEN
}
