import type { Config } from '../../config/load-config.ts'
import type { Replayed, ReplayOutcome } from '../../dead-letter/replayed-log.ts'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { stayAlive } from '../../lib/clock.ts'
import { createReplayer, type JudgeLetter, type Replayer } from '../../service/replay/replayer.ts'
import type { ReplayEnd, ReplayOptions } from '../../service/replay/run-letter.ts'
import { numberText } from '../frame/count-text.ts'
import type { ExitCode, Io } from '../frame/io.ts'
import { startProgress } from '../frame/progress.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import type { LetterReading, LetterSource } from './letter-source.ts'
import { letterWindows } from './letter-windows.ts'
import { createReplayReport } from './replay-report.ts'
import type { Selection } from './selection.ts'
import { faultOf } from './verdict.ts'

export interface SendParts {
  readonly config: Config
  readonly options: ReplayOptions
  readonly judge: JudgeLetter
  readonly source: LetterSource
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
 * Sends letters, a window at a time. The ends of a window are recorded before the next one is sent.
 * Stops when Mixpanel does not import what is sent. Resolves with 0 when all letters are done.
 */
export async function sendLetters(
  parts: SendParts,
  { ids, json }: { readonly ids: boolean; readonly json: boolean },
  io: Io,
): Promise<ExitCode> {
  const { source, config } = parts
  const report = createReplayReport(ENDS, source)
  const reading = await source.open({ applies: true, window: windowOf(parts) })
  const rest = stayAlive()
  const progress = startProgress({
    ...io,
    work: () => ({ done: report.letters(), noun: 'letters' }),
  })
  try {
    await sendAll(parts, reading, io, (letter, end) => {
      report.add(letter, endOf(end), faultOf(end))
      if (ids && !json) io.stdout.print(`${visibleText(letter.id)}\t${endOf(end)}`)
    })
  } finally {
    progress.close()
    rest()
    await reading.close()
    const applied = { ...source.place, applied: true, ...report.json() }
    io.stdout.print(json ? visibleJson(applied) : report.text())
    for (const line of reading.seen().news) io.stderr.print(line)
    const failed = report.count('failed again')
    if (failed > 0 && 'subscription' in source.place)
      io.stderr.print(
        `letters that failed again, in ${storeName(config)} now: ${numberText(failed)}`,
      )
  }
  io.ending().throwIfAborted()
  const left = report.count('failed again') + report.count('not sent')
  return left === 0 && reading.seen().isWhole ? 0 : 1
}

/** The events of a window: half a second of the rate. */
function windowOf({ rate }: Pick<SendParts, 'rate'>): number {
  return Math.min(MOST_IN_WINDOW, Math.ceil(rate / 2))
}

/** Returns the name of the place where letters are that failed again. */
function storeName({ deadLetter }: Pick<Config, 'deadLetter'>): string {
  switch (deadLetter.kind) {
    case 'file':
      return visibleText(deadLetter.folder)
    case 'pubsub':
      return deadLetter.topic
    case 'subscription':
      return 'the subscription'
  }
}

async function sendAll(
  parts: SendParts,
  reading: LetterReading,
  { clock, stderr, ending }: Io,
  tell: (letter: StoredLetter, end: ReplayEnd) => void,
): Promise<void> {
  const { config, options, judge, isSelected, limit } = parts
  const stores = config.deadLetter.kind !== 'subscription'
  const replayer = createReplayer(config, options, {
    clock,
    random: Math.random,
    refused: (status) =>
      stderr.print(`Mixpanel answered ${status}: look at token, project and region`),
    notStored: () =>
      stderr.print(`letters that failed again could not be stored in ${storeName(config)}`),
  })
  ending().addEventListener('abort', replayer.drain)
  try {
    const events = windowOf(parts)
    for await (const window of letterWindows(reading, { isSelected, limit, events })) {
      if (ending().aborted) return
      const ends = await sendWindow(window, { judge, replayer, reading, stores, now: clock.now })
      for (const [at, letter] of window.entries()) {
        const end = ends[at]
        if (end) tell(letter, end)
      }
      if (ends.some(({ kind }) => kind === 'returned')) return
    }
  } finally {
    ending().removeEventListener('abort', replayer.drain)
    await replayer.close()
  }
}

interface WindowDeps {
  readonly judge: JudgeLetter
  readonly replayer: Replayer
  readonly reading: Pick<LetterReading, 'record'>
  /** Whether letters that fail again are stored. Otherwise they are not done. */
  readonly stores: boolean
  readonly now: () => number
}

/** Sends what may be sent of a window, and records what is done. */
async function sendWindow(
  window: readonly StoredLetter[],
  { judge, replayer, reading, stores, now }: WindowDeps,
): Promise<readonly ReplayEnd[]> {
  const judged: ReplayEnd[] = []
  for (const letter of window) judged.push(await judge(letter))
  const sent = window.filter((_, at) => judged[at]?.kind !== 'withheld')
  const ends = new Map<StoredLetter, ReplayEnd>()
  for (const [at, end] of (await replayer.send(sent)).entries()) {
    const letter = sent[at]
    if (letter) ends.set(letter, end)
  }
  const isDone = ({ kind }: ReplayEnd) => stores || kind !== 'rejected'
  const done = [...ends].filter(([, end]) => isDone(end))
  await reading.record(done.flatMap(([letter, end]) => entryOf(letter, end, now())))
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
