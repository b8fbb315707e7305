import type { Clock } from '../../lib/clock.ts'
import type { StandInSettings } from '../../local/mixpanel/control-route.ts'
import type { PushStats } from '../../local/pubsub/push-stats.ts'
import type { LocalWorld } from '../local-world.ts'
import type { ServiceState } from '../world-service.ts'
import { type Books, readBooks } from './books.ts'
import type { Weather } from './weather.ts'

/** A world at one moment. */
export interface Present {
  readonly service: ServiceState
  /** The status of readiness with its reasons; absent while nothing answers. */
  readonly health?: unknown
  /** The event totals of the service; absent while nothing answers. */
  readonly books?: Books
  readonly pushes: PushStats & { readonly backlog: number }
  readonly mixpanel: {
    readonly rows: number
    readonly copies: number
    readonly requests: number
    readonly statuses: Readonly<Record<string, number>>
  }
  readonly weather: Partial<Pick<StandInSettings, 'faults' | 'quota'>> & {
    readonly poison: string
    readonly keys: ReturnType<Weather['keys']>
  }
}

export interface LookDeps {
  readonly clock: Pick<Clock, 'after'>
  /** Returns the settings of Mixpanel's stand-in; `undefined` until they are changed. */
  readonly settings: () => StandInSettings | undefined
  readonly keys: Weather['keys']
}

type Parts = Pick<LocalWorld, 'service' | 'subscription' | 'mixpanel' | 'metricsUrl'>

const ANSWER_WITHIN_MS = 2_000

/** Makes a function that looks at the present world. Looks at one time share one look. */
export function createLookAtWorld(parts: Parts, deps: LookDeps): () => Promise<Present> {
  const { service, subscription, mixpanel, metricsUrl } = parts
  let looking: Promise<Present> | undefined

  return function look() {
    looking ??= lookNow().finally(() => {
      looking = undefined
    })
    return looking
  }

  async function lookNow(): Promise<Present> {
    const isRunning = service.state() === 'running'
    const [health, metrics] = isRunning
      ? await Promise.all([ask(`${service.url()}/health/ready`), ask(metricsUrl)])
      : []
    const parsed = parse(health)
    const books = metrics === undefined ? undefined : readBooks(metrics)
    const { requests, statuses } = mixpanel.traffic()
    const { faults, quota, switches } = deps.settings() ?? {}
    return {
      service: service.state(),
      ...(parsed !== undefined && { health: parsed }),
      ...(books !== undefined && { books }),
      pushes: { ...subscription.stats(), backlog: subscription.backlog() },
      mixpanel: { ...mixpanel.rowCounts(), requests, statuses },
      weather: {
        ...(faults !== undefined && { faults }),
        ...(quota !== undefined && { quota }),
        poison: switches?.poison ?? '',
        keys: deps.keys(),
      },
    }
  }

  /** Resolves with the text of an answer; with `undefined` when there is none in time. */
  async function ask(url: string): Promise<string | undefined> {
    const controller = new AbortController()
    const cancel = deps.clock.after(ANSWER_WITHIN_MS, () => controller.abort())
    try {
      const answer = await fetch(url, { signal: controller.signal })
      return await answer.text()
    } catch {
      // The service may end, or be too busy, at any moment.
      return undefined
    } finally {
      cancel()
    }
  }
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
