import { parseLine } from '../../decode/parse-line.ts'
import type { Body, Candidate, Line, Place } from '../../model/event.ts'
import type { Message } from '../../model/message.ts'
import type { MadeEvent } from '../../model/pending-event.ts'
import { createEventsOf } from '../../pipeline.ts'
import { createPrepare, type PrepareOptions } from '../../prepare/prepare.ts'
import type { Transform } from '../../transform/transform.ts'

/** One event of a line, with what it was before `prepare`; without it when it ended before. */
export interface CheckedEvent extends MadeEvent {
  readonly candidate?: Candidate
}

/** One line, with the events that the service would make of it. */
export interface CheckedLine {
  readonly line: Line
  readonly events: readonly CheckedEvent[]
}

/** Makes the events of one line after the other, in order. */
export type CheckLine = (body: Body, place: Place) => CheckedLine

export interface CheckStages {
  readonly transform: Transform
  readonly insertId: PrepareOptions['insertId']
}

/**
 * Makes the path of the lines of a message: the service's own, which ends before the events are
 * sent.
 */
export function createCheckLines({
  transform,
  insertId,
}: CheckStages): (message: Message) => CheckLine {
  const prepare = createPrepare({ insertId })
  let candidates: readonly Candidate[] = []
  const eventsOf = createEventsOf({ parse: parseLine, transform: remembering, prepare })

  return function checkLines(message) {
    const eventsOfLine = eventsOf(message, 'first')

    return function checkLine(body, place) {
      candidates = []
      const { line, events } = eventsOfLine(body, place)
      return { line, events: events.map(withCandidate) }
    }
  }

  function remembering(...given: Parameters<Transform>): ReturnType<Transform> {
    const mapped = transform(...given)
    if (!('kind' in mapped)) candidates = mapped
    return mapped
  }

  function withCandidate(event: MadeEvent, index: number): CheckedEvent {
    const candidate = candidates[index]
    return candidate === undefined ? event : { ...event, candidate }
  }
}
