import { createJudge, type JudgeLetter } from '../../service/replay/replayer.ts'
import { defineCommand } from '../frame/command.ts'
import { countText } from '../frame/count-text.ts'
import { type Io, UserMistake } from '../frame/io.ts'
import { startProgress } from '../frame/progress.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import { thisHost } from '../host.ts'
import { withoutMappingKeys } from '../mapping-keys.ts'
import type { LetterSource } from './letter-source.ts'
import { letterWindows } from './letter-windows.ts'
import { loadModules, loadReplayConfig } from './replay-config.ts'
import { createReplayReport, type ReplayReport } from './replay-report.ts'
import { SELECTION_FLAGS, type Selection, selectionOf } from './selection.ts'
import { sendLetters } from './send-letters.ts'
import { sourceOf } from './source.ts'
import { faultOf, VERDICTS, type Verdict, verdictOf } from './verdict.ts'

/** Sends letters to Mixpanel again, or says what would become of them. */
export const replay = defineCommand({
  name: 'pubsub-mixpanel dead-letters replay',
  operands: '[ID…]',
  about:
    'Says what would become of letters that are sent again. With --apply it sends them, straight to Mixpanel.',
  examples: [
    ['pubsub-mixpanel dead-letters replay', 'say which would be sent, and which would fail again'],
    ['pubsub-mixpanel dead-letters replay --fix fix.mjs --apply', 'mend the events and send them'],
    ['pubsub-mixpanel dead-letters replay --reason invalid_event --limit 1 --apply', 'try one'],
  ],
  flags: {
    apply: { type: 'boolean', default: false, meaning: 'send the letters' },
    fix: {
      type: 'string',
      value: 'MODULE',
      meaning: 'mend each event with the function (event, letter) => event of this module',
    },
    ...SELECTION_FLAGS,
    rate: { type: 'string', value: 'N', default: '1000', meaning: 'the most events a second' },
    'max-replays': {
      type: 'string',
      value: 'N',
      default: '5',
      meaning: 'leave letters that were replayed as often',
    },
    limit: { type: 'string', value: 'N', meaning: 'the most letters; without it, all' },
    'all-children': {
      type: 'boolean',
      default: false,
      meaning: 'send all events of a line, when the transform makes another number than it did',
    },
    ids: { type: 'boolean', default: false, meaning: 'print each id with its verdict, too' },
    yes: { type: 'boolean', default: false, meaning: 'do not ask on a terminal' },
    json: { type: 'boolean', default: false, meaning: 'print a JSON document' },
  },
  run: async ({ flags, operands }, io) => {
    const source = sourceOf(flags.from, io)
    const rate = countIn('--rate', flags.rate, 1)
    const maxReplays = countIn('--max-replays', flags['max-replays'], 0)
    const asked = {
      source,
      isSelected: selectionOf(flags, operands, io),
      limit: flags.limit === undefined ? MOST : countIn('--limit', flags.limit, 1),
    }
    const config = loadReplayConfig(await withoutMappingKeys(io.env), thisHost, {
      store: storeOf(source, flags),
      sends: flags.apply,
    })
    const modules = await loadModules(config, flags.fix, io.env)
    const options = { ...modules, isAllChildren: flags['all-children'], maxReplays }
    const judge = createJudge(config, options, io)
    const mustAsk = flags.apply && !flags.yes && io.stdout.isTerminal
    if (!flags.apply || mustAsk) {
      const { report, isWhole } = await judgeAll(judge, asked, flags, io)
      if (!flags.apply) return report.count('would fail again') === 0 && isWhole ? 0 : 1
      const url = visibleText(config.mixpanel.baseUrl)
      if (!(await isAgreed(`Send ${countText(report.letters(), 'letter')} to ${url}?`, io)))
        return 1
    }
    const delivery = { ...config.delivery, maxEventsPerSecond: rate }
    return sendLetters(
      { config: { ...config, delivery }, options, judge, rate, ...asked },
      flags,
      io,
    )
  },
})

/** Returns where letters go that fail again: beside the others, or as `DEAD_LETTER` says. */
function storeOf({ place }: LetterSource, { apply }: Pick<Output, 'apply'>) {
  if ('folder' in place) return place
  return apply ? 'configured' : 'none'
}

interface Asked {
  readonly source: LetterSource
  readonly isSelected: Selection
  readonly limit: number
}

interface Output {
  readonly apply: boolean
  readonly ids: boolean
  readonly json: boolean
}

const MOST = 1_000_000_000
const WINDOW = 500

/** Judges all letters and prints what would become of them. */
async function judgeAll(
  judge: JudgeLetter,
  { source, isSelected, limit }: Asked,
  { apply, ids, json }: Output,
  io: Io,
): Promise<{ report: ReplayReport<Verdict>; isWhole: boolean }> {
  const reading = await source.open({ applies: false, window: WINDOW })
  const report = createReplayReport(VERDICTS, source)
  const progress = startProgress({
    ...io,
    work: () => ({ done: report.letters(), noun: 'letters' }),
  })
  try {
    for await (const window of letterWindows(reading, { isSelected, limit, events: WINDOW })) {
      io.ending().throwIfAborted()
      for (const letter of window) {
        const end = await judge(letter)
        const verdict = verdictOf(letter, end)
        report.add(letter, verdict, faultOf(end))
        if (ids && !json) io.stdout.print(`${visibleText(letter.id)}\t${verdict}`)
      }
    }
  } finally {
    progress.close()
    await reading.close()
  }
  const { news, isWhole } = reading.seen()
  for (const line of news) io.stderr.print(line)
  const judged = { ...source.place, applied: false, ...report.json() }
  if (json && !apply) io.stdout.print(visibleJson(judged))
  else io.stdout.print(apply ? report.text() : `${report.text()}\nNothing was sent. Add --apply.`)
  return { report, isWhole }
}

/** Asks on the terminal. Everything but a yes is a no. */
async function isAgreed(question: string, io: Io): Promise<boolean> {
  io.stderr.write(`${question} [y/N] `)
  for await (const chunk of io.stdin()) {
    if (/^\s*y(es)?\s*$/i.test(String(chunk).split('\n')[0] ?? '')) return true
    break
  }
  io.stderr.print('Nothing was sent.')
  return false
}

function countIn(flag: string, text: string, least: number): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : -1
  if (count >= least && count <= 1_000_000) return count
  throw new UserMistake(`${flag} needs a whole number from ${least} to 1000000`)
}
