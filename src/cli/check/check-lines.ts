import { parseLine } from '../../decode/parse-line.ts'
import type { Body, Candidate, Line, Place } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { MadeEvent } from '../../model/pending-event.ts'
import { createEventsOf } from '../../pipeline.ts'
import { createPrepare, type PrepareOptions } from '../../prepare/prepare.ts'
import type { CompiledMapping, RuleStep } from '../../transform/mapping/compiled-mapping.ts'
import type { Transform } from '../../transform/transform.ts'

/** One event of a line, with what it was before `prepare`; without it when it ended before. */
export interface CheckedEvent extends MadeEvent {
  readonly candidate?: Candidate
}

/** One line, with the events that the service would make of it. */
export interface CheckedLine {
  readonly line: Line
  readonly events: readonly CheckedEvent[]
  /** The steps of the rules of a mapping, where they are explained. */
  readonly steps?: readonly RuleStep[]
}

/** Makes the events of one line after the other, in order. */
export type CheckLine = (body: Body, place: Place) => CheckedLine

export interface CheckStages {
  readonly transform: Transform
  /** Maps a value as `transform` does, and tells what each rule did. It takes its place. */
  readonly explain?: CompiledMapping['explain'] | undefined
  readonly insertId: PrepareOptions['insertId']
}

/**
 * Makes the path of the lines of a message: the service's own, which ends before the events are
 * sent.
 */
export function createCheckLines({
  transform,
  explain,
  insertId,
}: CheckStages): (message: Message) => CheckLine {
  const prepare = createPrepare({ insertId })
  let candidates: readonly Candidate[] = []
  let steps: readonly RuleStep[] = []
  const map = explain === undefined ? transform : explaining(explain)
  const eventsOf = createEventsOf({ parse: parseLine, transform: remembering, prepare })

  return function checkLines(message) {
    const eventsOfLine = eventsOf(message, 'first')

    return function checkLine(body, place) {
      candidates = []
      steps = []
      const { line, events } = eventsOfLine(body, place)
      return { line, events: events.map(withCandidate), ...(steps.length > 0 && { steps }) }
    }
  }

  function remembering(...given: Parameters<Transform>): ReturnType<Transform> {
    const mapped = map(...given)
    if (!('kind' in mapped)) candidates = mapped
    return mapped
  }

  function explaining(explain: CompiledMapping['explain']): Transform {
    return (value, line, message) => {
      const explained = explain(value, line, message)
      steps = explained.steps
      return explained.result
    }
  }

  function withCandidate(event: MadeEvent, index: number): CheckedEvent {
    const candidate = candidates[index]
    return candidate === undefined ? event : { ...event, candidate }
  }
}
