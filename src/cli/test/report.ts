import { countText } from '../frame/count-text.ts'
import type { Output } from '../frame/io.ts'
import type { Colour } from '../frame/paint.ts'
import { positionText } from '../frame/position-text.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import type { Tested } from './tested.ts'

/** All cases of one mapping file. */
export interface Report {
  readonly file: string
  readonly cases: readonly Tested[]
  /** The rules that no case reached: `rules[0] health checks`. */
  readonly unreached: readonly string[]
}

/** The column of the rules, and the longest text before it that moves it to the right. */
const RULES_AT = 43
const LONGEST = 70

/** Prints a report for people. */
export function printText(
  { file, cases, unreached }: Report,
  { print }: Pick<Output, 'print'>,
  paint: (colour: Colour, text: string) => string,
): void {
  const lengths = cases.map((one) => labelOf(one, file).length).filter((size) => size <= LONGEST)
  const width = Math.max(RULES_AT, ...lengths)
  for (const one of cases) {
    const { difference, rules } = one
    const label = labelOf(one, file).padEnd(width)
    const mark = difference === undefined ? paint('green', 'ok  ') : paint('red', 'FAIL')
    print(`${mark}  ${label}  ${visibleText(rules)}`.trimEnd())
    if (difference === undefined) continue
    print(`        expected  ${visibleText(difference.expected)}`)
    print(`        got       ${visibleText(difference.got)}`)
  }
  if (unreached.length > 0) print(`reached by no case: ${visibleText(unreached.join(', '))}`)
  print(`${countText(cases.length, 'case')}, ${failuresIn(cases)} failed`)
}

/** Prints a report for programs: one JSON object a line. The last is the totals. */
export function printJson({ file, cases, unreached }: Report, { print }: Pick<Output, 'print'>) {
  for (const { difference, ...one } of cases) {
    print(visibleJson({ kind: 'case', ok: difference === undefined, file, ...one, ...difference }))
  }
  print(visibleJson({ kind: 'totals', cases: cases.length, failed: failuresIn(cases), unreached }))
}

/** Returns the number of cases that failed. */
export function failuresIn(cases: readonly Tested[]): number {
  return cases.filter(({ difference }) => difference !== undefined).length
}

function labelOf({ name, line, difference }: Tested, file: string): string {
  const place = difference === undefined ? '' : `  ${positionText({ file, line })}`
  return `${visibleText(name)}${place}`
}
