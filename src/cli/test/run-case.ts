import type { EventSettings } from '../../config/settings.ts'
import { createDecode } from '../../decode/decode.ts'
import type { Message } from '../../model/message.ts'
import type { Dropped, Rejected } from '../../model/outcome.ts'
import { messageOf } from '../../receive/message-of.ts'
import type { CompiledMapping, RuleStep } from '../../transform/mapping/compiled-mapping.ts'
import { parseExactly } from '../../transform/mapping/expressions/parse-exactly.ts'
import { writeJson } from '../../transform/mapping/expressions/values.ts'
import type { Case } from '../../transform/mapping/mapping-file.ts'
import { createCheckLines } from '../check/check-lines.ts'
import { decodeAlone } from '../check/decode-alone.ts'

/** An event that Mixpanel would get, or the rejection in its place. */
export type Made = Readonly<{ kind: 'event'; event: unknown } | Rejected>

/** The end of one case. */
export interface Ran {
  /** The events and rejections of all lines, in order. */
  readonly made: readonly Made[]
  /** The rules that dropped something, in order. */
  readonly droppedBy: readonly string[]
  /** The steps of all lines, in order. */
  readonly steps: readonly RuleStep[]
}

/** The id of a message that names none. It has the length of Pub/Sub's. */
const MESSAGE_ID = '1000000000000000'

/** Makes the function that takes a case through the service's own path, up to what is sent. */
export function createRunCase(
  { transform, explain }: Pick<CompiledMapping, 'transform' | 'explain'>,
  { decode: { maxBytes }, maxFootprintBytes, insertId }: EventSettings,
): (one: Case) => Promise<Ran> {
  const decode = createDecode({ maxBytes, maxFootprintBytes }, async () => {})

  return async function runCase(one) {
    const message = messageIn(one)
    const checkLines = createCheckLines({ transform, explain, insertId })
    const decoded = await decodeAlone(decode, message)
    if (decoded.kind === 'undecodable') return { made: [decoded.outcome], droppedBy: [], steps: [] }
    const checkLine = checkLines(message)
    const lines = [...decoded.lines].map((place) => checkLine(decoded.body, place))
    const ends = lines.flatMap(({ events }) => events.map(({ step }) => step))
    return { ...endsOf(ends), steps: lines.flatMap(({ steps = [] }) => steps) }
  }
}

type Step = ReturnType<ReturnType<ReturnType<typeof createCheckLines>>>['events'][number]['step']

function endsOf(steps: readonly Step[]): Pick<Ran, 'made' | 'droppedBy'> {
  const dropped = steps.filter((step): step is Dropped => step.kind === 'dropped')
  const made = steps.flatMap((step): Made[] => {
    if (step.kind === 'prepared') return [{ kind: 'event', event: parseExactly(step.text) }]
    return step.kind === 'rejected' ? [step] : []
  })
  return { made, droppedBy: dropped.map(({ rule }) => rule) }
}

/** Returns the message that a publisher of the input would make. */
function messageIn({ message = {}, input }: Case): Message {
  const { subscription, messageId = MESSAGE_ID, ...facts } = message
  const text = typeof input === 'string' || input === undefined ? (input ?? '') : writeJson(input)
  const data = Buffer.from(text).toString('base64')
  return messageOf({
    message: { messageId, data, ...facts },
    ...(subscription !== undefined && { subscription }),
  })
}
