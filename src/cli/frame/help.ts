import type { Flag, Flags } from './flags.ts'

/** The parts of a help text. */
export interface HelpParts {
  /** The words of the command line, like `pubsub-mixpanel check [FILE… | -]`. */
  readonly usage: string
  /** One or two sentences. */
  readonly about: string
  /** Command lines with their meaning. */
  readonly examples: readonly (readonly [line: string, meaning: string])[]
  readonly flags: Flags
}

/** Returns the text of `--help`: the examples come first, and then the flags. */
export function helpText({ usage, about, examples, flags }: HelpParts): string {
  const rows = Object.entries(flags).map(([name, flag]) => [flagText(name, flag), meaningOf(flag)])
  return [usage, '', about, '', ...columns(examples), '', 'Flags:', ...columns(rows)].join('\n')
}

/** Lays out pairs in two columns, each line indented. */
export function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([left = '']) => left.length))
  return rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`.trimEnd())
}

function flagText(name: string, { short, value }: Flag): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`
}

function meaningOf({ meaning, default: fallback }: Flag): string {
  return typeof fallback === 'string' ? `${meaning} (default ${fallback})` : meaning
}
