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
    const fault = faultIn(event, remarks)
    const at = {
      ...placeOf(checked, fault),
      ...(event.children !== undefined && { child: event.child }),
    }
    if (style === 'explain') printer.explained({ ...at, ...textsOf(event), remarks })
    else
      for (const remark of shown)
        printer.finding({ ...at, ...remark, detail: detailOf(remark, fault) })
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
    const { line, column } = locate(place.start + (fault?.bytes ?? 0))
    return { file, line, ...((fault || column > 1) && { column }) }
  }
}

function remarksOn(step: CheckedEvent['step']): readonly Remark[] {
  return step.kind === 'dropped' || step.kind === 'rejected' ? [outcomeRemark(step)] : []
}

/** The place of a fault in a text that is not JSON, in bytes from its start. */
interface Fault {
  readonly bytes: number
  readonly hint?: string
}

function faultIn({ line }: CheckedEvent, remarks: readonly Remark[]): Fault | undefined {
  if (remarks[0]?.kind !== 'not_json' || line === undefined) return undefined
  const { text } = line
  const at = text.length > SOUGHT_CHARACTERS ? undefined : jsonFaultIn(text)
  if (at === undefined) return undefined
  const bytes = Buffer.byteLength(text.slice(0, at))
  if (at === text.length) return { bytes, hint: 'it ends too early' }
  return text.charCodeAt(at) === 0 ? { bytes, hint: 'it holds a NUL byte' } : { bytes }
}

function detailOf({ detail }: Remark, fault: Fault | undefined): string {
  return fault?.hint === undefined ? detail : `${detail}: ${fault.hint}`
}
