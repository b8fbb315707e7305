import { RE2JS } from 're2js'
import { type At, spend } from '../part.ts'
import { binary, type CelFunction, text, unary } from './function.ts'

/** Whether a pattern is in a text. The time grows with the length of the text, and no faster. */
type IsIn = (whole: string, at: At) => boolean

/** The patterns of events that are remembered. Each takes up to 8 MiB when it runs. */
const MOST_PATTERNS = 16
const MOST_LENGTH = 100
/** The work of compiling such a pattern: a millisecond. */
const COMPILING = 500_000
/** The work for a character of the text, for each instruction of the pattern. */
const STEP = 20

/** Makes `matches` for one pattern, or says what is wrong with the pattern. */
export function matchesPattern(source: string): CelFunction | string {
  const pattern = readPattern(source)
  return pattern.kind === 'faulty' ? pattern.text : unary(text, pattern.isIn, false)
}

/** Makes `matches` for patterns of events. It remembers some. */
export function matchesAnyPattern(): CelFunction {
  const known = new Map<string, IsIn>()

  return binary([text, text], matches, false)

  function matches(whole: string, source: string, at: At): boolean {
    const isIn = known.get(source) ?? newPattern(source, at)
    return isIn(whole, at)
  }

  function newPattern(source: string, at: At): IsIn {
    const isIn = patternOfEvent(source, at)
    if (known.size === MOST_PATTERNS) known.clear()
    known.set(source, isIn)
    return isIn
  }
}

/** The text of an error does not quote the pattern, because it belongs to the event. */
function patternOfEvent(source: string, { frame, site }: At): IsIn {
  // A counted repetition makes a large pattern of a short text.
  if (source.length > MOST_LENGTH || source.includes('{')) {
    throw site.error(`a pattern of an event has ${MOST_LENGTH} characters at most, and no {`)
  }
  spend(frame, COMPILING, site)
  const pattern = readPattern(source)
  if (pattern.kind === 'faulty') throw site.error('the pattern is not one of RE2')
  return pattern.isIn
}

type Pattern = Readonly<{ kind: 'pattern'; isIn: IsIn } | { kind: 'faulty'; text: string }>

function readPattern(source: string): Pattern {
  try {
    return { kind: 'pattern', isIn: searchFor(RE2JS.compile(source)) }
  } catch (error) {
    return { kind: 'faulty', text: error instanceof Error ? error.message : 'the pattern is bad' }
  }
}

function searchFor(compiled: RE2JS): IsIn {
  const size = compiled.programSize()

  return function isIn(whole, { frame, site }) {
    spend(frame, (whole.length + 10) * size * STEP, site)
    return compiled.test(whole)
  }
}
