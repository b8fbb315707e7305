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
  UNFORESEEN,
} from './problems.ts'
import { FullError } from './push-body.ts'
import { type PushRouteOptions, type PushRouteParts, pushRoutes } from './push-route.ts'
import { bearsToken, safePathOf } from './safe-path.ts'
import { throwBodyAway } from './unread-body.ts'
import { answerUnreadable } from './unreadable-request.ts'

export interface AppParts {
  readonly log: FastifyBaseLogger
  readonly connectionLimits: ConnectionLimits
  readonly push: {
    readonly options: PushRouteOptions
    readonly parts: Omit<PushRouteParts, 'connections'>
  }
  readonly health: Health
  readonly telemetry: Pick<Telemetry, 'pushRefused' | 'noSuchRoute' | 'unforeseen'>
  /** Resolves when no push waits any more; new ones are refused meanwhile. */
  readonly drain: () => Promise<void>
}

/** Builds the HTTP application. Opens no port and starts no timer before `ready()` or `listen()`. */
export function buildApp(appParts: AppParts): FastifyInstance {
  const { log, push, health, telemetry, drain } = appParts
  const connections = createConnections(appParts.connectionLimits, push.parts.clock)
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing is logged for a request, so it needs no logger of its own.
    childLoggerFactory: (logger) => logger,
    bodyLimit: MAX_BODY_BYTES,
    serverFactory: (answer) => createHttpServer(answer, connections),
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (_error, request, reply) => refuseRoute(request, reply),
    // While closing, the push route answers for itself.
    return503OnClosing: false,
    // A client that still sends a refused body must not hold the close up after the drain.
    forceCloseConnections: true,
    // What the envelope says of `null` is a union of types.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
  })

  app.setErrorHandler<FastifyError>(answerError)
  app.removeAllContentTypeParsers()
  // Before the body: it is not read for a route that does not exist.
  app.addHook('onRequest', (request, reply, next) => {
    if (request.is404) refuseRoute(request, reply)
    else next()
  })
  app.register(healthRoutes, { health })
  app.register(pushRoutes, { options: push.options, parts: { ...push.parts, connections } })
  // In onClose it would be too late: the pushes that wait would hold the close up.
  app.addHook('preClose', drain)
  return app

  function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const problem = problemOfError(error)
    if (problem === UNFORESEEN) telemetry.unforeseen(error)
    // A client that hung up reads no answer, and the missing rest of its body is not the owner's fault.
    else if (!hasHungUp(request)) telemetry.pushRefused(problem.code, problem.detail)
    keepConnection(problem, request, reply)
    return sendProblem(reply, problem)
  }

  function refuseRoute(request: FastifyRequest, reply: FastifyReply): void {
    telemetry.noSuchRoute(bearsToken(request) ? safePathOf(request) : undefined)
    sendProblem(reply, NOT_FOUND)
  }
}

/** Fastify closes the connection at each error while it reads a body. That is rarely needed. */
function keepConnection({ status }: Problem, { raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete || status === 503) reply.removeHeader('connection')
  if (status === 503) throwBodyAway(raw, MAX_BODY_BYTES)
}

/** Whether the client has gone before its body was there. */
function hasHungUp({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete
}

function problemOfError(error: FastifyError): Problem {
  if (error instanceof FullError) return OVERLOADED
  if (error.validation) return NOT_A_PUSH_ENVELOPE
  if (error.statusCode === 413) return BODY_TOO_LARGE
  if (error.statusCode === 400) return BODY_NOT_JSON
  return UNFORESEEN
}
