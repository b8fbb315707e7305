import { findTrimmedEnd } from '../../lib/white-space.ts'
import type { CheckedEvent } from './check-lines.ts'
import type { Checked } from './check-text.ts'
import { type EventRemarks, outcomeRemark } from './event-remarks.ts'
import { textsOf } from './explain.ts'
import type { FoundAt, Remark } from './finding.ts'
import { jsonFaultIn } from './json-fault.ts'
import type { Printer } from './printer.ts'
import type { Tally } from './tally.ts'

export interface JudgeDeps {
  readonly file: string
  /** Whether each event is explained, or findings are printed alone. */
  readonly style: 'explain' | 'findings'
  readonly eventRemarks: EventRemarks
  readonly tally: Tally
  readonly printer: Printer
}

type CheckedOnLine = Extract<Checked, { kind: 'line' }>

/** The size of a text in which a fault is sought, a few ms. */
const SOUGHT_CHARACTERS = 1024 * 1024

/** Makes a function that counts and prints what there is to say about a file, line by line. */
export function createJudge(deps: JudgeDeps): (checked: Checked) => void {
  const { file, style, eventRemarks, tally, printer } = deps

  return function judge(checked) {
    if (checked.kind === 'line')
      for (const event of checked.checked.events) judgeEvent(event, checked)
    else judgeUnread(checked)
  }

  function judgeEvent(event: CheckedEvent, checked: CheckedOnLine): void {
    const { step, candidate } = event
    const remarks =
      step.kind === 'prepared' && candidate ? eventRemarks(candidate, step) : remarksOn(step)
    const shown = tally.add(remarks)
    if (style === 'findings' && shown.length === 0) return
    const fault = remarks[0]?.kind === 'not_json' ? faultIn(checked) : undefined
    const child = event.children === undefined ? {} : { child: event.child }
    const at = { ...placeOf(checked, fault), ...child }
    const details = (some: readonly Remark[]) => some.map((remark) => withHint(remark, fault))
    if (style === 'explain') {
      const steps = stepsOf(event, checked)
      printer.explained({ ...at, ...textsOf(event), ...steps, remarks: details(remarks) })
    } else for (const remark of details(shown)) printer.finding({ ...at, ...remark })
  }

  function judgeUnread({ line, outcome }: Exclude<Checked, CheckedOnLine>): void {
    const remarks = [outcomeRemark(outcome)]
    const at = { file, ...(line !== undefined && { line }) }
    const shown = tally.add(remarks)
    if (style === 'explain') printer.explained({ ...at, remarks })
    else for (const remark of shown) printer.finding({ ...at, ...remark })
  }

  /** Returns the place of the fault, or of the event. */
  function placeOf({ place, locate }: CheckedOnLine, fault: Fault | undefined): FoundAt {
    const { line, column } = locate(fault?.at ?? place.start)
    return { file, line, ...((fault || column > 1) && { column }) }
  }
}

function remarksOn(step: CheckedEvent['step']): readonly Remark[] {
  return step.kind === 'dropped' || step.kind === 'rejected' ? [outcomeRemark(step)] : []
}

/** The rules are asked once for a line, whatever the number of its events. */
function stepsOf(event: CheckedEvent, { checked: { events, steps } }: CheckedOnLine) {
  return steps === undefined || event !== events[0] ? {} : { steps }
}

/** The place of a fault in a body, in bytes. */
interface Fault {
  readonly at: number
  readonly hint?: string
}

function faultIn({ checked, body, place }: CheckedOnLine): Fault | undefined {
  const { text } = checked.line
  // Such a place stands for an array that is cut off.
  if (place.isRest && text === '[') return { at: findTrimmedEnd(body.bytes, 0, body.bytes.length) }
  const index = text.length > SOUGHT_CHARACTERS ? undefined : jsonFaultIn(text)
  if (index === undefined) return undefined
  const at = place.start + Buffer.byteLength(text.slice(0, index))
  if (index === text.length) return { at, hint: 'it ends too early' }
  return text.charCodeAt(index) === 0 ? { at, hint: 'it holds a NUL byte' } : { at }
}

function withHint(remark: Remark, fault: Fault | undefined): Remark {
  if (fault?.hint === undefined) return remark
  // The cause comes first, before what was expected.
  const [what, ...expected] = remark.detail.split(': ')
  return { ...remark, detail: [`${what}: ${fault.hint}`, ...expected].join('; ') }
}
