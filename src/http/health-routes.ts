import type { FastifyInstance } from 'fastify'

/** Why a service that takes pushes is not at its best. */
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
  /** `false` only while starting or draining: Mixpanel's faults do not make us unready. */
  takesPushes(): boolean
  reasons(): readonly DegradedReason[]
}

/** Liveness and readiness. They always answer, whatever load the pushes are under. */
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
