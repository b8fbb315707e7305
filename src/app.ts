import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { type Health, healthRoutes } from './http/health-routes.ts'
import type { Problem } from './http/problem.ts'
import { sendProblem } from './http/problem.ts'
import {
  BODY_NOT_JSON,
  BODY_TOO_LARGE,
  NOT_A_PUSH_ENVELOPE,
  NOT_FOUND,
  OVERLOADED,
  UNFORESEEN,
} from './http/problems.ts'
import { FullError } from './http/push-body.ts'
import { type PushRouteOptions, type PushRouteParts, pushRoutes } from './http/push-route.ts'
import { MAX_BODY_BYTES } from './model/limits.ts'
import type { Telemetry } from './model/telemetry.ts'

export interface AppParts {
  readonly log: FastifyBaseLogger
  readonly push: { readonly options: PushRouteOptions; readonly parts: PushRouteParts }
  readonly health: Health
  readonly telemetry: Pick<Telemetry, 'pushRefused' | 'unforeseen'>
  /** Resolves when no push waits any more; new ones are refused meanwhile. */
  readonly drain: () => Promise<void>
}

/** Longer than Google's front ends keep a connection, so that it is never we who hang up first. */
const KEEP_ALIVE_MS = 620_000
/** Limits how long a request may take to arrive, not how long it waits for its answer. */
const RECEIVE_TIMEOUT_MS = 30_000
/** Node looks for late requests twice a minute unless told otherwise. */
const RECEIVE_CHECK_MS = 5_000

/** Builds the HTTP application. Opens no port and starts no timer before `ready()` or `listen()`. */
export function buildApp({ log, push, health, telemetry, drain }: AppParts): FastifyInstance {
  const app = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    // Nothing is logged for a request, so it needs no logger of its own.
    childLoggerFactory: (logger) => logger,
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: RECEIVE_TIMEOUT_MS,
    // Node swaps the two when the time for the headers is the longer: it is a minute by default.
    http: { connectionsCheckingInterval: RECEIVE_CHECK_MS, headersTimeout: RECEIVE_TIMEOUT_MS },
    frameworkErrors: (_error, _request, reply) => sendProblem(reply, NOT_FOUND),
    // While closing, the push route answers for itself.
    return503OnClosing: false,
    // Once drained, whoever is still sending a body that was refused would hold the close up.
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })

  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = problemOfError(error)
    if (problem === UNFORESEEN) telemetry.unforeseen(error)
    // Who hung up reads no answer, and what has not arrived is no fault of the owner's.
    else if (!hasHungUp(request)) telemetry.pushRefused(problem.code, problem.detail)
    return sendProblem(reply, problem)
  })
  // Before the body: what nobody has asked a token for is not read.
  app.removeAllContentTypeParsers()
  app.addHook('onRequest', (request, reply, next) => {
    if (request.is404) sendProblem(reply, NOT_FOUND)
    else next()
  })
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, NOT_FOUND))
  app.register(healthRoutes, { health })
  app.register(pushRoutes, push)
  // In onClose it would be too late: the pushes that wait would hold the close up.
  app.addHook('preClose', drain)
  return app
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
