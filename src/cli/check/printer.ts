import { countText, numberText } from '../frame/count-text.ts'
import type { Output } from '../frame/io.ts'
import type { Colour } from '../frame/paint.ts'
import { positionText } from '../frame/position-text.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import { stepText } from '../step-text.ts'
import {
  type ExplainedEvent,
  type Finding,
  type FindingKind,
  isBad,
  isWarning,
  type Remark,
} from './finding.ts'
import type { Totals } from './tally.ts'

/** Prints what was found. */
export interface Printer {
  finding(finding: Finding): void
  explained(event: ExplainedEvent): void
  totals(totals: Totals, tookMs: number): void
}

/** The widths of the columns: room for the numbers of 99,999 lines, and for the longest kind. */
const LINE_WIDTH = 6
const KIND_WIDTH = 11

/** Makes a printer for people. */
export function createTextPrinter(
  { print }: Pick<Output, 'print'>,
  paint: (colour: Colour, text: string) => string,
): Printer {
  return { finding, explained, totals }

  function finding(found: Finding): void {
    const { file, kind } = found
    const place = placeText(found).padEnd(file.length + LINE_WIDTH)
    print(`${place} ${paint(colourOf(kind), kind.padEnd(KIND_WIDTH))}${remarkText(found)}`)
  }

  function explained(event: ExplainedEvent): void {
    const { input, steps = [], made, sent, remarks } = event
    print(placeText(event))
    if (input !== undefined) print(`  in    ${visibleText(input)}`)
    for (const step of steps) print(`  rule  ${visibleText(stepText(step))}`)
    if (made !== undefined) print(`  made  ${visibleText(made)}`)
    if (sent !== undefined) print(`  out   ${visibleText(sent)}`)
    for (const remark of remarks) {
      print(`  ${paint(colourOf(remark.kind), remark.kind)}  ${remarkText(remark)}`)
    }
  }

  function totals({ events, good, kinds, hidden }: Totals, tookMs: number): void {
    for (const [kind, count] of hidden) {
      print(`…and ${numberText(count)} more ${kind}: --limit N prints more`)
    }
    const parts = [`${numberText(good)} good`]
    for (const [kind, count] of kinds) parts.push(`${numberText(count)} ${kind}`)
    const seconds = `${(tookMs / 1_000).toFixed(2)} s`
    print(`${countText(events, 'event')}   ${parts.join(' · ')}   ${seconds}`)
  }
}

/** Makes a printer for programs: one JSON object a line. The last is the totals. */
export function createJsonPrinter({ print }: Pick<Output, 'print'>): Printer {
  return {
    finding: ({ kind, ...found }) => print(visibleJson({ kind, ...found })),
    explained: ({ remarks, ...event }) =>
      print(visibleJson({ kind: 'event', ...event, findings: remarks })),
    totals: ({ events, good, kinds, hidden }, tookMs) => {
      const counts = { kinds: Object.fromEntries(kinds), hidden: Object.fromEntries(hidden) }
      print(
        visibleJson({
          kind: 'totals',
          events,
          good,
          ...counts,
          seconds: Math.round(tookMs) / 1_000,
        }),
      )
    },
  }
}

/** Makes a printer of the totals alone. */
export function onlyTotals({ totals }: Printer): Printer {
  return { finding: () => {}, explained: () => {}, totals }
}

function placeText(at: Finding | ExplainedEvent): string {
  const child = at.child === undefined ? '' : ` (event ${at.child})`
  return `${positionText(at)}${child}`
}

/** A change names its field itself. */
function remarkText({ kind, field, detail }: Remark): string {
  return visibleText(field === undefined || kind === 'changed' ? detail : `${field}: ${detail}`)
}

function colourOf(kind: FindingKind): Colour {
  if (isBad(kind)) return 'red'
  return isWarning(kind) ? 'yellow' : 'dim'
}
