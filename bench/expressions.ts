// The CPU of expressions: of common ones, and of the longest that a publisher can cause.
// sh tools/node.sh bench/expressions.ts

import type { Expression, Scope } from '../src/transform/mapping/compiled-mapping.ts'
import { compileTemplate } from '../src/transform/mapping/expressions/expressions.ts'
import { HOSTILE } from './expressions/hostile.ts'

/** The most that an expression may take for an event of a megabyte. */
const MOST_MS = 50
/** The most that an expression over nine absent keys may take. */
const MOST_ABSENT_US = 0.5
const ROUNDS = 15
const RUNS = 20_000

const NINE_ABSENT = Array.from({ length: 9 }, (_, at) => `data.absent${at} == "a"`).join(' || ')
const COMMON = [
  NINE_ABSENT,
  'data.type == "order.placed" && data.total > 0',
  '!(attributes.tenant in ["acme"])',
  'data.absent > 1 && data.type == "a"',
  'data.type.matches("^order\\\\.")',
  'data.items.exists(item, item.quantity > 2)',
  'epoch_ms(data.placed_at)',
]

const scope = scopeOf({
  type: 'order.placed',
  total: 12.5,
  placed_at: '2026-11-24T08:59:58Z',
  items: [{ quantity: 1 }, { quantity: 2 }],
})
let failed = 0
for (const cel of COMMON) {
  const us = commonUs(compiled(cel))
  const isGood = cel !== NINE_ABSENT || us <= MOST_ABSENT_US
  report(isGood, `${us.toFixed(2)} µs`, cel)
}
for (const { data, expressions } of HOSTILE) {
  for (const cel of expressions) {
    const ms = hostileMs(cel, scopeOf(data))
    report(ms <= MOST_MS, `${ms.toFixed(0)} ms`, cel)
  }
}
process.exitCode = failed > 0 ? 1 : 0

function report(isGood: boolean, figure: string, cel: string): void {
  if (!isGood) failed += 1
  console.log(`${isGood ? 'good' : 'BAD '} ${figure.padStart(8)}  ${cel}`)
}

/** Returns the least CPU of some rounds, each of many runs. */
function commonUs(expression: Expression): number {
  const rounds = Array.from({ length: ROUNDS }, () =>
    cpuUsOf(() => {
      for (let run = 0; run < RUNS; run++) expression.evaluate(scope)
    }),
  )
  return Math.min(...rounds) / RUNS
}

/**
 * Returns the least CPU of three runs: the first runs code that V8 has not compiled. Each has an
 * expression of its own, because a pattern remembers the states that it was in.
 */
function hostileMs(cel: string, hostile: Scope): number {
  const runs = [1, 2, 3].map(() => {
    const expression = compiled(cel)
    return cpuUsOf(() => ended(expression, hostile))
  })
  return Math.min(...runs) / 1000
}

/** Most of them end in an error. */
function ended(expression: Expression, hostile: Scope): void {
  try {
    expression.evaluate(hostile)
  } catch (error) {
    if (!(error instanceof Error && error.name === 'ExpressionError')) throw error
  }
}

function cpuUsOf(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

function compiled(cel: string): Expression {
  const result = compileTemplate(`\${${cel}}`, { each: false })
  if (result.kind === 'faulty') throw new Error(`${cel}: ${result.text}`)
  return result.expression
}

function scopeOf(data: unknown): Scope {
  return { data, attributes: {}, message: {}, line: 1 }
}
