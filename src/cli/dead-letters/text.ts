import { visibleText } from '../frame/visible-text.ts'

const MINUTE_LENGTH = 'YYYY-MM-DDTHH:MM'.length
const LONGEST_CELL = 60

/** Formats an ISO 8601 time as a minute in UTC. */
export function minuteText(at: string): string {
  return new Date(at).toISOString().slice(0, MINUTE_LENGTH).replace('T', ' ')
}

/** Returns a text from a letter for a cell of a table: visible, and cut when it is long. */
export function cellText(text: string | undefined): string {
  const visible = visibleText(text ?? '')
  if (visible === '') return '-'
  return visible.length > LONGEST_CELL ? `${visible.slice(0, LONGEST_CELL - 1)}…` : visible
}

/** Lays out a table. `right` are the columns whose cells stand at the right. */
export function tableText(
  rows: readonly (readonly string[])[],
  right: readonly number[],
): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
