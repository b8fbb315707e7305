import { readFileSync, writeFileSync } from 'node:fs'
import type { CaseResult } from './measurements.ts'
import { ratioToFloor } from './numbers.ts'
import { nameOf } from './results.ts'

/** A ratio that grows by more than this has become worse; a smaller change is noise. */
const TOLERATED = 1.15

/** The cost of a push as a multiple of a push to a bare Fastify, by the name of its case. */
export type Ratios = Readonly<Record<string, number>>

/** A case that costs more than is tolerated, or has no recorded figure. */
export interface Setback {
  readonly name: string
  readonly recorded: number | undefined
  readonly measured: number
}

export function ratiosOf(results: readonly CaseResult[]): Ratios {
  return Object.fromEntries(results.map((result) => [nameOf(result.case), ratioToFloor(result)]))
}

export function findSetbacks(measured: Ratios, recorded: Ratios): readonly Setback[] {
  return Object.entries(measured)
    .map(([name, ratio]): Setback => ({ name, measured: ratio, recorded: recorded[name] }))
    .filter(({ measured, recorded }) => !(recorded && measured <= recorded * TOLERATED))
}

/** Reads the ratios of the last whole run. */
export function recordedRatios(file: URL): Ratios {
  const ratios: Ratios = JSON.parse(readFileSync(file, 'utf8'))
  return ratios
}

export function recordRatios(file: URL, ratios: Ratios): void {
  const rounded = Object.entries(ratios).map(([name, ratio]) => [name, Number(ratio.toFixed(2))])
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(rounded), null, 2)}\n`)
}
