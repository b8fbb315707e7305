import type { Config } from '../../config/load-config.ts'
import { keyOfLetter, type StoredLetter } from '../../dead-letter/stored-letter.ts'
import { createByteBudget } from '../../lib/byte-budget.ts'
import { type Clock, nextTurn } from '../../lib/clock.ts'
import { MessageProgress } from '../../message/message-progress.ts'
import type { EventOutcome, Rejected, RetryReason, Tally } from '../../model/outcome.ts'
import { createPipeline } from '../../pipeline.ts'
import { type OuterStages, PIPELINE, stagesOf } from '../stages.ts'
import { createLetterPath, type LetterPathOptions } from './letter-path.ts'

export interface ReplayOptions extends LetterPathOptions {
  /** The number of replays after which a letter is not sent again. */
  readonly maxReplays: number
}

/** How the replay of a letter ended, or would end. */
export type ReplayEnd = Readonly<
  | { kind: 'imported'; events: number }
  /** The transform or the fix drops the event, or there is none. */
  | { kind: 'dropped' }
  /** Some events were rejected, and are stored again. `first` is the first of them. */
  | { kind: 'rejected'; first: Rejected; rejected: number; imported: number }
  /** Some events are still to be sent. The letter stays as it is. */
  | { kind: 'returned'; reason: RetryReason }
  /** Nothing of the letter may be sent. It stays as it is. */
  | { kind: 'withheld'; why: string }
>

export interface RunDeps extends Pick<OuterStages, 'importEvents' | 'deadLetters'> {
  readonly clock: Pick<Clock, 'monotonic'>
  /** Called when work may not go on. */
  readonly stopped: () => void
}

/** The config of the stages. */
export type PathConfig = Pick<Config, 'decode' | 'push' | 'insertId'>

/** Takes a letter through all stages. Nothing begins for it after `deliverBy`, in monotonic ms. */
export type RunLetter = (letter: StoredLetter, deliverBy: number) => Promise<ReplayEnd>

/** The time for which a letter of many events goes on after that, while Mixpanel imports some. */
const GOES_ON_MS = 3_600_000

/** The guard of a service keeps a topic from becoming letters. A replay has nothing but letters. */
const NO_GUARD: OuterStages['letterGuard'] = {
  hasAsked: false,
  passed: () => {},
  waitForLeave: async () => true,
  notStored: () => {},
}

/** Makes the path of letters through the stages of the service. */
export function createRunLetter(
  config: PathConfig,
  options: ReplayOptions,
  { clock, stopped, ...outer }: RunDeps,
): RunLetter {
  const stages = stagesOf(config, { ...outer, letterGuard: NO_GUARD, transform: undefined })
  const budget = createByteBudget(config.push.maxBufferedBytes)

  return async function runLetter(letter, deliverBy) {
    const reason = reasonToWithhold(letter, options)
    if (reason !== undefined) return { kind: 'withheld', why: reason }
    const { message, withheld, ...first } = createLetterPath(letter, options)
    const settle = createPipeline(
      { ...stages, ...first },
      { ...PIPELINE, skipsSettled: false, keepsEvents: true },
      nextTurn,
    )
    const bytes = budget.openMessage()
    const ids = keyOfLetter(letter)
    const endBy = deliverBy + GOES_ON_MS
    const progress = new MessageProgress(
      { ids, message, bytes, earlier: undefined, deliverBy, endBy },
      { now: clock.monotonic, begun: () => {}, stopped },
    )
    await settle(progress).finally(() => bytes.release())
    const why = withheld()
    return why === undefined ? endOf(progress.outcomes.newTotals()) : { kind: 'withheld', why }
  }
}

function reasonToWithhold(
  { replays, event, data }: StoredLetter,
  { maxReplays }: ReplayOptions,
): string | undefined {
  if (replays >= maxReplays)
    return `replayed ${replays} ${replays === 1 ? 'time' : 'times'} already`
  if (event === undefined && data === undefined) return 'it was stored without its content'
  return undefined
}

/** Returns the end of a letter whose events have these outcomes. */
function endOf(tallies: readonly Tally[]): ReplayEnd {
  const returned = outcomeIn(tallies, isKind('retry'))
  if (returned) return { kind: 'returned', reason: returned.reason }
  const imported = countIn(tallies, 'imported')
  const first = outcomeIn(tallies, isKind('rejected'))
  if (first) return { kind: 'rejected', first, rejected: countIn(tallies, 'rejected'), imported }
  return imported > 0 ? { kind: 'imported', events: imported } : { kind: 'dropped' }
}

type Kind = EventOutcome['kind']

function isKind<K extends Kind>(kind: K) {
  return (outcome: EventOutcome): outcome is Extract<EventOutcome, { kind: K }> =>
    outcome.kind === kind
}

function outcomeIn<O extends EventOutcome>(
  tallies: readonly Tally[],
  is: (outcome: EventOutcome) => outcome is O,
): O | undefined {
  return tallies.map(({ outcome }) => outcome).find(is)
}

function countIn(tallies: readonly Tally[], kind: Kind): number {
  return tallies.reduce((sum, { outcome, count }) => sum + (outcome.kind === kind ? count : 0), 0)
}
