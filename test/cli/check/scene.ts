import assert from 'node:assert/strict'
import { type CheckedLine, createCheckLines } from '../../../src/cli/check/check-lines.ts'
import { createEventRemarks, outcomeRemark } from '../../../src/cli/check/event-remarks.ts'
import type { Remark } from '../../../src/cli/check/finding.ts'
import type { Message } from '../../../src/model/message.ts'
import { asPublished, type Transform } from '../../../src/transform/transform.ts'
import { aMessage } from '../../helpers/builders.ts'

/** The time at which the events of the scene are checked: a day after `aMessage` was published. */
const NOW = Date.UTC(2026, 0, 2)

/** Checks texts of events, each on its own line, as the lines of one message. */
function checkedLines(
  texts: readonly string[],
  {
    message = aMessage(),
    transform = asPublished,
  }: { message?: Message; transform?: Transform } = {},
): CheckedLine[] {
  const checkLine = createCheckLines({ transform, insertId: 'message' })(message)
  return texts.map((text, index) => {
    const bytes = Buffer.from(text)
    return checkLine({ bytes, isUtf8: true }, { number: index + 1, start: 0, end: bytes.length })
  })
}

/** Returns all remarks on these texts, in order. */
export function remarksOn(...texts: readonly (string | readonly string[])[]): Remark[] {
  const eventRemarks = createEventRemarks(NOW)
  return checkedLines(texts.flat()).flatMap(({ events }) => {
    return events.flatMap(({ step, candidate }) => {
      if (step.kind === 'dropped' || step.kind === 'rejected') return [outcomeRemark(step)]
      assert.ok(step.kind === 'prepared' && candidate)
      return eventRemarks(candidate, step)
    })
  })
}

/** An event that comes at each of these times, in epoch ms. It has no time of its own. */
export interface Recurring {
  readonly text: string
  readonly times: readonly number[]
}

/** Returns all remarks on events that come again and again. Each is checked and prepared once. */
export function remarksOnRecurring(...all: readonly Recurring[]): Remark[] {
  const eventRemarks = createEventRemarks(NOW)
  const lines = checkedLines(all.map(({ text }) => text))
  return lines.flatMap(({ events: [event] }, at) => {
    assert.ok(event?.step.kind === 'prepared' && event.candidate)
    const { step, candidate } = event
    return all[at]?.times.flatMap((time) => eventRemarks(candidate, { ...step, time })) ?? []
  })
}

/** A good event with these properties in addition. */
export function anEvent(properties: object = {}, event = 'signed_up'): string {
  const time = Date.UTC(2025, 11, 31)
  return JSON.stringify({ event, properties: { time, distinct_id: 'u-1', ...properties } })
}

/** The kind and the field of each remark. */
export function briefly(remarks: readonly Remark[]): string[] {
  return remarks.map(({ kind, field }) => `${kind} ${field}`)
}
