import type { FastifyInstance } from 'fastify'

/** The reasons for which a service that accepts pushes is degraded. */
export const DEGRADED_REASONS = [
  'misconfigured',
  'suspect',
  'all_rejected',
  'throttled',
  'overloaded',
  'no_keys',
] as const
export type DegradedReason = (typeof DEGRADED_REASONS)[number]

export interface Health {
  /**
   * Returns `false` only while starting or draining: faults of Mixpanel do not make the service
   * unready.
   */
  takesPushes(): boolean
  reasons(): readonly DegradedReason[]
}

/**
 * Adds the routes for liveness and readiness. They always answer, whatever the load of pushes is.
 */
export async function healthRoutes(
  app: FastifyInstance,
  { health }: { health: Health },
): Promise<void> {
  app.get('/health/live', async () => ({ status: 'ok' }))

  app.get('/health/ready', async (_request, reply) => {
    if (!health.takesPushes()) return reply.code(503).send({ status: 'unready', reasons: [] })
    const reasons = health.reasons()
    return { status: reasons.length === 0 ? 'ok' : 'degraded', reasons }
  })
}
