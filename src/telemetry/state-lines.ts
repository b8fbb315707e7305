import type { Logger } from 'pino'
import type { CountToReport } from './at-most-every.ts'

/** A state in which messages go back until a person acts. */
export type State = 'misconfigured' | 'suspect' | 'all_rejected'

export interface StateLineDeps {
  readonly log: Logger
  readonly countToReport: CountToReport
  /** Whether the service is in a state at this moment. */
  readonly isOn: (state: State) => boolean
}

/** The lines about states of the service. */
export interface StateLines {
  /** Whether a state was entered whose end was not noted yet. */
  readonly areAnyOn: boolean
  /**
   * Notes that the service is in a state. It writes a line when the service enters the state, and
   * while that lasts one a minute.
   */
  note(state: State, fields: object, text: string): void
  /** Writes a line for each state that has ended since it was noted. */
  review(): void
}

/** Makes the lines about states. A state that comes and goes is written at most once a minute. */
export function createStateLines({ log, countToReport, isOn }: StateLineDeps): StateLines {
  const entered = new Set<State>()
  const lines = { areAnyOn: false, note, review }
  return lines

  function note(state: State, fields: object, text: string): void {
    const times = countToReport(`state ${state}`)
    if (times === 0) return
    const change = entered.has(state) ? 'lasts' : 'entered'
    entered.add(state)
    lines.areAnyOn = true
    log.error({ event: 'state', state, change, ...fields, times }, text)
  }

  function review(): void {
    for (const state of entered) {
      if (isOn(state)) continue
      entered.delete(state)
      log.info({ event: 'state', state, change: 'left' }, `the state ${state} is over`)
    }
    lines.areAnyOn = entered.size > 0
  }
}
