import type { LetterMessage } from './letter-message.ts'
import type { PublishEnd } from './topic-answers.ts'
import { notConfirmed } from './topic-error.ts'

export interface PublishDeps {
  /** Sends one publish request with these messages as JSON. It never rejects. */
  readonly send: (messages: readonly string[]) => Promise<PublishEnd>
  /** Called with messages that are in the topic. */
  readonly confirm: (messages: readonly LetterMessage[]) => void
}

/**
 * Publishes the messages of one request. A refused request does not name the message at fault. Its
 * halves are sent until that message stands alone, which is then sent without the attributes of its
 * publisher. Rejects when a message is not confirmed even so. When two messages are not confirmed
 * and none was, the topic refuses everything, and no more are tried.
 */
export async function publishLetters(
  messages: readonly LetterMessage[],
  { send, confirm }: PublishDeps,
): Promise<void> {
  let isAnyConfirmed = false
  let refusedCode: string | undefined
  await publish(messages)
  if (refusedCode !== undefined) throw notConfirmed(refusedCode)

  async function publish(some: readonly LetterMessage[]): Promise<void> {
    const end = await send(some.map(({ json }) => json))
    if (end.kind === 'failed') throw notConfirmed(end.code)
    if (end.kind === 'confirmed') return note(some)
    const [only, ...others] = some
    if (only && others.length === 0) return publishBare(only)
    const middle = Math.ceil(some.length / 2)
    await publish(some.slice(0, middle))
    await publish(some.slice(middle))
  }

  async function publishBare(message: LetterMessage): Promise<void> {
    const end = await send([message.bare()])
    if (end.kind === 'confirmed') return note([message])
    if (end.kind === 'failed') throw notConfirmed(end.code)
    if (refusedCode !== undefined && !isAnyConfirmed) throw notConfirmed(end.code)
    refusedCode = end.code
  }

  function note(confirmed: readonly LetterMessage[]): void {
    isAnyConfirmed = true
    confirm(confirmed)
  }
}
