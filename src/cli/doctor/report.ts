import { countText } from '../frame/count-text.ts'
import type { createPaint } from '../frame/paint.ts'
import { visibleJson, visibleText } from '../frame/visible-text.ts'
import type { CheckName, Finding } from './finding.ts'

/** A finding with the name of its check. */
export interface NamedFinding extends Finding {
  readonly check: CheckName
}

type Paint = ReturnType<typeof createPaint>

const WORDS = { ok: 'ok', skip: 'skip', warn: 'warn', fail: 'FAIL' } as const
const COLOURS = { ok: 'green', skip: 'dim', warn: 'yellow', fail: 'red' } as const
const WORD_WIDTH = 6
const NAME_WIDTH = 20

/** Returns the lines for one finding: what was found, and how to mend it. */
export function linesFor({ check, kind, text, mend }: NamedFinding, paint: Paint): string {
  const word = paint(COLOURS[kind], WORDS[kind].padEnd(WORD_WIDTH))
  const line = `${word}${check.replaceAll('-', ' ').padEnd(NAME_WIDTH)}${visibleText(text)}`
  if (mend === undefined) return line
  return `${line}\n${' '.repeat(WORD_WIDTH)}mend: ${visibleText(mend)}`
}

/** Returns the last line. */
export function summary(findings: readonly Finding[]): string {
  const failed = countOf('fail', findings)
  const warnings = countOf('warn', findings)
  const parts = [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(warnings > 0 ? [countText(warnings, 'warning')] : []),
  ]
  return parts.length > 0 ? parts.join(', ') : 'nothing failed'
}

/** Returns the JSON document of `--json`. */
export function documentOf(findings: readonly NamedFinding[]): string {
  const [failed, warnings] = [countOf('fail', findings), countOf('warn', findings)]
  return visibleJson({ good: failed === 0, failed, warnings, findings })
}

function countOf(kind: Finding['kind'], findings: readonly Finding[]): number {
  return findings.filter((finding) => finding.kind === kind).length
}
