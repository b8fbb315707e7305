import type { EventSettings } from '../../config/settings.ts'
import { createDecode } from '../../decode/decode.ts'
import type { TopicMessage } from '../../local/pubsub/publish-rules.ts'
import { LOCAL_SUBSCRIPTION } from '../../local/push-request.ts'
import type { Message } from '../../model/message.ts'
import type { Rejected } from '../../model/outcome.ts'
import { messageOf } from '../../receive/message-of.ts'
import type { CompiledMapping } from '../../transform/mapping/compiled-mapping.ts'
import type { Transform } from '../../transform/transform.ts'
import { type CheckedEvent, createCheckLines } from '../check/check-lines.ts'
import { decodeAlone } from '../check/decode-alone.ts'
import { stepText } from '../step-text.ts'

/** The mapping of a service; `explain` is there when its rules can be asked. */
export interface Mapped {
  readonly transform: Transform
  readonly explain?: CompiledMapping['explain']
}

/** One event of a message, as the service makes it. */
export interface ExplainedEvent extends CheckedEvent {
  /** The texts of the rules that were asked; for the first event of a line. */
  readonly rules: readonly string[]
}

export interface Explained {
  readonly events: readonly ExplainedEvent[]
  /** The lines that were not looked at. */
  readonly moreLines: number
  /** Why the message as a whole is rejected. */
  readonly undecodable?: Rejected
}

/** The lines of a message that are looked at. */
const MOST_LINES = 200

/**
 * Takes a message through the service's own path, up to what would be sent, by the code of `check`
 * and `test`.
 */
export async function explainMessage(
  message: TopicMessage,
  { transform, explain }: Mapped,
  { decode: { maxBytes }, maxFootprintBytes, insertId }: EventSettings,
): Promise<Explained> {
  const pushed = pushedMessage(message)
  const decode = createDecode({ maxBytes, maxFootprintBytes }, async () => {})
  const decoded = await decodeAlone(decode, pushed)
  if (decoded.kind === 'undecodable') {
    return { events: [], moreLines: 0, undecodable: decoded.outcome }
  }
  const checkLine = createCheckLines({ transform, explain, insertId })(pushed)
  const events: ExplainedEvent[] = []
  let lines = 0
  for (const place of decoded.lines) {
    lines += 1
    if (lines > MOST_LINES) continue
    const checked = checkLine(decoded.body, place)
    const rules = (checked.steps ?? []).map(stepText)
    for (const [at, event] of checked.events.entries()) {
      events.push({ ...event, line: checked.line, rules: at === 0 ? rules : [] })
    }
  }
  return { events, moreLines: Math.max(0, lines - MOST_LINES) }
}

/** Returns a message of the local topic as its push brings it. */
function pushedMessage(message: TopicMessage): Message {
  const { messageId, publishTime, data, attributes, orderingKey } = message
  return messageOf({
    subscription: LOCAL_SUBSCRIPTION,
    message: {
      messageId,
      publishTime,
      data: data.toString('base64'),
      attributes,
      ...(orderingKey !== undefined && { orderingKey }),
    },
  })
}
