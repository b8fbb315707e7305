import { readFileSync } from 'node:fs'

/** A file of the repository, by its path from the top. */
export function textOf(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
}

/** The text below a heading, up to the next one of its level or above. */
export function sectionOf(markdown: string, heading: string): string {
  const level = /^#+/.exec(heading)?.[0].length ?? 0
  const start = markdown.indexOf(`\n${heading}\n`)
  if (start === -1) throw new Error(`no heading: ${heading}`)
  const text = markdown.slice(start + heading.length + 2)
  const next = new RegExp(`^#{1,${level}} `, 'm').exec(withoutCode(text))
  return text.slice(0, next?.index)
}

/** The rows of the first table with these columns, each cell by its column's name. */
export function tableOf(markdown: string, ...columns: string[]): readonly Record<string, string>[] {
  const rows = markdown.split('\n').map((line) => (line.startsWith('|') ? cellsOf(line) : []))
  const head = rows.findIndex((cells) => cells.join() === columns.join())
  if (head === -1) throw new Error(`no table: ${columns}`)
  const body = rows.slice(head + 2)
  const end = body.findIndex((cells) => cells.length === 0)
  return body
    .slice(0, end)
    .map((cells) => Object.fromEntries(cells.map((cell, at) => [columns[at], cell])))
}

/** The contents of the code spans in a text. */
export function spansIn(text = ''): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, span = '']) => span)
}

/** The contents of the fenced blocks in a language. */
export function blocksIn(markdown: string, language: string): readonly string[] {
  const blocks = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)
  return [...blocks].filter(([, given]) => given === language).map(([, , code = '']) => code)
}

/** The anchors that a page's headings make. */
export function anchorsIn(markdown: string): ReadonlySet<string> {
  const headings = withoutCode(markdown).matchAll(/^#+ (.*)$/gm)
  return new Set([...headings].map(([, heading = '']) => anchorOf(heading)))
}

/** Blanked out, so that places stay what they are. */
export function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^```.*?^```$/gms, (block) => ' '.repeat(block.length))
}

function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

/** A bar inside a code span does not end a cell when it is escaped. */
function cellsOf(row: string): readonly string[] {
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim())
}
