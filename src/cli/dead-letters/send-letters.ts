import type { Config } from '../../config/load-config.ts'
import {
  openReplayedLog,
  type Replayed,
  type ReplayedLog,
  type ReplayOutcome,
} from '../../dead-letter/replayed-log.ts'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { stayAlive } from '../../lib/clock.ts'
import { createReplayer, type JudgeLetter, type Replayer } from '../../service/replay/replayer.ts'
import type { ReplayEnd, ReplayOptions } from '../../service/replay/run-letter.ts'
import type { ExitCode, Io } from '../frame/io.ts'
import { startProgress } from '../frame/progress.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import { lockFolder } from './folder-lock.ts'
import { letterWindows } from './letter-windows.ts'
import { createReplayReport } from './replay-report.ts'
import type { Selection } from './selection.ts'
import { faultOf } from './verdict.ts'

export interface SendParts {
  readonly config: Config
  readonly options: ReplayOptions
  readonly judge: JudgeLetter
  readonly folder: string
  readonly isSelected: Selection
  readonly limit: number
  /** The most events a second. */
  readonly rate: number
}

/** The ends of letters in the report, in its order. */
const ENDS = ['imported', 'dropped', 'failed again', 'not sent'] as const
type End = (typeof ENDS)[number]

/** The most events of a window. A last letter of many events may bring more. */
const MOST_IN_WINDOW = 1_000

/**
 * Sends letters, a window at a time. The ends of a window are on disk before the next one is sent.
 * Stops when Mixpanel does not import what is sent. Resolves with 0 when all letters are done.
 */
export async function sendLetters(
  parts: SendParts,
  { ids, json }: { readonly ids: boolean; readonly json: boolean },
  io: Io,
): Promise<ExitCode> {
  const { folder } = parts
  const report = createReplayReport(ENDS)
  const lock = await lockFolder(folder, io.clock)
  const rest = stayAlive()
  const progress = startProgress({
    ...io,
    work: () => ({ done: report.letters(), noun: 'letters' }),
  })
  try {
    await sendAll(parts, io, (letter, end) => {
      report.add(letter, endOf(end), faultOf(end))
      if (ids && !json) io.stdout.print(`${visibleText(letter.id)}\t${endOf(end)}`)
    })
  } finally {
    progress.close()
    rest()
    await lock.release()
    const applied = { folder, applied: true, ...report.json() }
    io.stdout.print(json ? visibleJson(applied) : report.text())
  }
  io.ending().throwIfAborted()
  return report.count('failed again') + report.count('not sent') === 0 ? 0 : 1
}

async function sendAll(
  { config, options, judge, folder, isSelected, limit, rate }: SendParts,
  { clock, stderr, ending }: Io,
  tell: (letter: StoredLetter, end: ReplayEnd) => void,
): Promise<void> {
  const replayer = createReplayer(config, options, {
    clock,
    random: Math.random,
    refused: (status) =>
      stderr.print(`Mixpanel answered ${status}: look at token, project and region`),
    notStored: () => stderr.print(`letters that failed again could not be stored in ${folder}`),
  })
  const log = await openReplayedLog(folder)
  ending().addEventListener('abort', replayer.drain)
  try {
    const events = Math.min(MOST_IN_WINDOW, Math.ceil(rate / 2))
    for await (const window of letterWindows(folder, { isSelected, limit, events })) {
      if (ending().aborted) return
      const ends = await sendWindow(window, { judge, replayer, log, now: clock.now })
      for (const [at, letter] of window.entries()) {
        const end = ends[at]
        if (end) tell(letter, end)
      }
      if (ends.some(({ kind }) => kind === 'returned')) return
    }
  } finally {
    ending().removeEventListener('abort', replayer.drain)
    await replayer.close()
    await log.close()
  }
}

interface WindowDeps {
  readonly judge: JudgeLetter
  readonly replayer: Replayer
  readonly log: ReplayedLog
  readonly now: () => number
}

/** Sends what may be sent of a window, and writes down what is done. */
async function sendWindow(
  window: readonly StoredLetter[],
  { judge, replayer, log, now }: WindowDeps,
): Promise<readonly ReplayEnd[]> {
  const judged: ReplayEnd[] = []
  for (const letter of window) judged.push(await judge(letter))
  const sent = window.filter((_, at) => judged[at]?.kind !== 'withheld')
  const ends = new Map<StoredLetter, ReplayEnd>()
  for (const [at, end] of (await replayer.send(sent)).entries()) {
    const letter = sent[at]
    if (letter) ends.set(letter, end)
  }
  await log.append([...ends].flatMap(([letter, end]) => entryOf(letter, end, now())))
  return window.flatMap((letter, at) => ends.get(letter) ?? judged[at] ?? [])
}

/** Returns the entry of a letter that is done; none for one that is not. */
function entryOf(letter: StoredLetter, end: ReplayEnd, at: number): readonly Replayed[] {
  const outcome = outcomeOf(end)
  if (outcome === undefined) return []
  return [{ letter, outcome, at, ...(end.kind === 'rejected' && { reason: end.first.reason }) }]
}

function outcomeOf({ kind }: ReplayEnd): ReplayOutcome | undefined {
  if (kind === 'imported' || kind === 'dropped') return kind
  return kind === 'rejected' ? 'stored_again' : undefined
}

function endOf({ kind }: ReplayEnd): End {
  if (kind === 'imported' || kind === 'dropped') return kind
  return kind === 'rejected' ? 'failed again' : 'not sent'
}
