import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { printText } from '../../../src/cli/test/report.ts'
import type { Tested } from '../../../src/cli/test/tested.ts'

const GOOD: Tested = { name: 'an order', line: 42, rules: 'rules[1] orders', steps: [] }
const FAILED: Tested = {
  name: 'a health check',
  line: 58,
  rules: 'rules[0] health checks did not match: data.type is null',
  steps: [],
  difference: {
    expected: 'nothing (dropped)',
    got: 'rejected: no rule for this type (rules[2])',
  },
}

describe('the report of test', () => {
  it('has its columns', () => {
    assert.deepEqual(linesOf([GOOD, FAILED], ['rules[0] health checks']), [
      'ok    an order                                     rules[1] orders',
      'FAIL  a health check  mapping.yaml:58              rules[0] health checks did not match: data.type is null',
      '        expected  nothing (dropped)',
      '        got       rejected: no rule for this type (rules[2])',
      'reached by no case: rules[0] health checks',
      '2 cases, 1 failed',
    ])
  })

  it('moves a column for names that are long, but not for one that is too long', () => {
    const [first, second, third] = linesOf([
      GOOD,
      { ...GOOD, name: 'n'.repeat(50) },
      { ...GOOD, name: 'n'.repeat(80) },
    ])

    assert.equal(first?.indexOf('rules'), 58)
    assert.equal(second?.indexOf('rules'), 58)
    assert.equal(third?.indexOf('rules'), 88)
  })

  it('ends a line without rules at the name', () => {
    assert.equal(linesOf([{ ...GOOD, rules: '' }])[0], 'ok    an order')
  })
})

function linesOf(cases: readonly Tested[], unreached: readonly string[] = []): string[] {
  const lines: string[] = []
  const print = (line: string) => void lines.push(line)
  printText({ file: 'mapping.yaml', cases, unreached }, { print }, (_colour, text) => text)
  return lines
}
