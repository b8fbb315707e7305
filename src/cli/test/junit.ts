import { visibleText } from '../frame/visible-text.ts'
import { failuresIn, type Report } from './report.ts'
import type { Tested } from './tested.ts'

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}

/** Returns a report as JUnit XML. With `needsAllRules`, rules that no case reached are a failure. */
export function junitText({ file, cases, unreached }: Report, needsAllRules: boolean): string {
  const isMissing = needsAllRules && unreached.length > 0
  const tests = cases.length + Number(needsAllRules)
  const counts = `tests="${tests}" failures="${failuresIn(cases) + Number(isMissing)}" errors="0"`
  const rules = {
    name: 'every rule is reached',
    message: `reached by no case: ${unreached.join(', ')}`,
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(file)}" ${counts}>`,
    ...cases.map((one) => caseText(one, file)),
    ...(needsAllRules
      ? [elementText(rules.name, file, 1, isMissing ? rules.message : undefined)]
      : []),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

function caseText({ name, line, rules, difference }: Tested, file: string): string {
  if (difference === undefined) return elementText(name, file, line)
  const { expected, got } = difference
  return elementText(
    name,
    file,
    line,
    [rules, `expected  ${expected}`, `got       ${got}`].join('\n'),
  )
}

function elementText(name: string, file: string, line: number, failure?: string): string {
  const own = `name="${escaped(name)}" classname="${escaped(file)}" file="${escaped(file)}" line="${line}"`
  if (failure === undefined) return `    <testcase ${own}/>`
  const lines = failure.split('\n').map(escaped)
  return [
    `    <testcase ${own}>`,
    `      <failure message="${lines.join('; ')}">${lines.join('\n')}</failure>`,
    '    </testcase>',
  ].join('\n')
}

/** Escapes a text for XML. Two of the characters that XML forbids are no invisible ones. */
function escaped(text: string): string {
  return visibleText(text)
    .replaceAll(/[\uFFFE\uFFFF]/g, '\uFFFD')
    .replaceAll(/[&<>"]/g, (character) => ESCAPES[character] ?? '')
}
