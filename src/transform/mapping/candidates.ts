import type { Candidate, Line } from '../../model/event.ts'
import type { MixpanelEvent } from '../types.ts'
import { mayLoseNumbers } from './expressions/exact-numbers.ts'
import { writeJson } from './expressions/values.ts'
import { MappingFault } from './mapping-fault.ts'

/** The events that are made of one line. */
export interface Candidates {
  /** Throws a `MappingFault` when the events are too many. */
  add(event: MixpanelEvent): void
  /** Returns all of them, with their places in the line. */
  list(): readonly Candidate[]
}

const MOST_CHILDREN = 10_000
const MOST_BYTES = 32 * 1024 * 1024

const TOO_MANY = new MappingFault('error', `the line makes more than ${MOST_CHILDREN} events`)
const TOO_LARGE = new MappingFault(
  'error',
  `the events of the line have more than ${MOST_BYTES} bytes`,
)

/** Collects the events of a line. */
export function createCandidates(line: Line): Candidates {
  const candidates: Candidate[] = []
  let bytes = 0
  return { add, list }

  function add(event: MixpanelEvent): void {
    if (candidates.length === MOST_CHILDREN) throw TOO_MANY
    const text = textOf(event)
    bytes += Buffer.byteLength(text)
    if (bytes > MOST_BYTES) throw TOO_LARGE
    candidates.push({ line, child: candidates.length + 1, text, value: parsedOf(event, text) })
  }

  function list(): readonly Candidate[] {
    const [only] = candidates
    return candidates.length === 1 && only ? [{ ...only, child: 0 }] : candidates
  }
}

function textOf(event: MixpanelEvent): string {
  try {
    return JSON.stringify(event)
  } catch {
    // JSON.stringify takes no bigint. A look for one in each event would cost more.
    return writeJson(event)
  }
}

/** Returns the value that JSON.parse makes of the text. Only exact numbers differ from it. */
function parsedOf(event: MixpanelEvent, text: string): unknown {
  return mayLoseNumbers(text) ? JSON.parse(text) : event
}
