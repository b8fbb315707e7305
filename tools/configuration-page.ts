import { readFileSync, writeFileSync } from 'node:fs'
import { SECRETS, VARIABLE_NAMES, VARIABLES, type VariableName } from '../src/config/schema.ts'

const PAGE = new URL('../docs/configuration.md', import.meta.url)
const TABLE =
  /(?<=^<!-- The table is made by `sh tools\/node\.sh tools\/configuration-page\.ts`.* -->\n\n).*?(?=\n\n<!-- end of the table -->$)/ms

if (import.meta.main) {
  writeFileSync(PAGE, withVariables(readFileSync(PAGE, 'utf8')))
}

/**
 * Returns the page with the table of all variables between its two marks, made from the schema.
 * Throws when a mark is missing.
 */
export function withVariables(page: string): string {
  if (!TABLE.test(page)) throw new Error('docs/configuration.md has lost a mark of its table')
  return page.replace(TABLE, () => table())
}

function table(): string {
  const [head = [], ...rows] = [
    ['variable', 'values', 'default', 'meaning'],
    ...VARIABLE_NAMES.map(rowOf),
  ]
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
  )
  const rule = widths.map((width) => '-'.repeat(width))
  const lines = [head, rule, ...rows].map((row) =>
    row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | '),
  )
  return lines.map((line) => `| ${line} |`).join('\n')
}

function rowOf(name: VariableName): readonly string[] {
  const { default: fallback, description } = VARIABLES[name]
  return [
    `\`${name}\``,
    valuesOf(name),
    fallback === undefined ? '–' : `\`${fallback}\``,
    SECRETS.includes(name) ? `**Secret.** ${description}` : description,
  ]
}

function valuesOf(name: VariableName): string {
  const { type, minimum, maximum, enum: choices } = VARIABLES[name]
  if (type === 'integer') return `${minimum} to ${maximum}`
  return choices?.map((choice) => `\`${choice}\``).join(', ') ?? 'text'
}
