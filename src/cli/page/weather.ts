import type { Answer } from '../../local/answer.ts'
import type { StandInSettings } from '../../local/mixpanel/control-route.ts'
import type { FeedEvent } from '../event-line.ts'
import type { LocalWorld } from '../local-world.ts'
import { memberIn, textIn } from './input.ts'

/** The things of a world that a person can make fail. */
export interface Weather {
  /** Sets a part of the weather to a value, or ends what it does with `null`. */
  set(input: unknown): Promise<Answer>
  /** Whether the key server gives its keys. */
  keys(): 'given' | 'withheld'
}

/** The parts that are settings of Mixpanel's stand-in, and the method that sets each. */
const SETTINGS = { faults: 'PUT', quota: 'PUT', switches: 'PATCH' } as const satisfies Partial<
  Record<keyof StandInSettings, string>
>
const DONE: Answer = { status: 200, body: {} }
const KEYS_WITHHELD = { kind: 'status', status: 503 } as const

type Parts = Pick<LocalWorld, 'mixpanel' | 'issuer' | 'service' | 'subscription'>

/**
 * Makes the weather, by the control calls of the stand-ins. The stand-ins do not tell of the rest, so it
 * is reported here.
 */
export function createWeather(
  { mixpanel, issuer, service, subscription }: Parts,
  report: (event: FeedEvent) => void,
): Weather {
  let keys: 'given' | 'withheld' = 'given'

  return { set, keys: () => keys }

  async function set(input: unknown): Promise<Answer> {
    const part = textIn(input, 'part')
    const to = memberIn(input, 'to')
    switch (part) {
      case 'faults':
      case 'quota':
      case 'switches':
        return control(part, to)
      case 'keys':
        return setKeys(to === null ? 'given' : 'withheld')
      case 'service':
        return runService(to)
      default:
        return { status: 400, body: { error: `There is no part of the weather named ${part}.` } }
    }
  }

  async function control(part: keyof typeof SETTINGS, to: unknown): Promise<Answer> {
    const url = `${mixpanel.url}/control/${part}`
    const call = to === null ? { method: 'DELETE' } : { method: SETTINGS[part], body: textOf(to) }
    const answer = await fetch(url, call)
    const text = await answer.text()
    return answer.ok ? DONE : { status: answer.status, body: { error: text.trim() } }
  }

  /** Signs pushes with a key that the service cannot get, until the keys are given again. */
  async function setKeys(next: typeof keys): Promise<Answer> {
    issuer.answerAlways(next === 'given' ? 'normally' : KEYS_WITHHELD)
    if (next === 'withheld') await issuer.rotate('leaves')
    subscription.renewToken()
    if (next !== keys) report({ kind: 'switched', what: 'keys', to: next })
    keys = next
    return DONE
  }

  async function runService(to: unknown): Promise<Answer> {
    const before = service.pid()
    try {
      await (to === 'stopped' ? service.stop() : service.start())
      subscription.setEndpoints(`${service.url()}/push`)
      const state = service.state()
      if (service.pid() !== before) report({ kind: 'switched', what: 'service', to: state })
      return DONE
    } catch (error) {
      return {
        status: 500,
        body: { error: error instanceof Error ? error.message : String(error) },
      }
    }
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}
