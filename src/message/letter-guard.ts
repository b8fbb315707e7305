import type { Message } from '../model/message.ts'
import type { AllRejected } from './all-rejected.ts'
import type { MessageProgress } from './message-progress.ts'

/** A guard that keeps a topic without one good event from being emptied into the dead letters. */
export interface LetterGuard {
  /** Whether a message has asked for leave since the last event passed. */
  readonly hasAsked: boolean
  /** Called when an event passed `prepare` or was dropped by a rule, after a message has asked. */
  passed(): void
  /**
   * Resolves with whether letters may be stored for a message of which no event passed. While they
   * may not, the message waits for the end of the state, or of its time: after an immediate nack it
   * would come again at once.
   */
  waitForLeave(progress: MessageProgress): Promise<boolean>
  /** Called when the letters of a message that may be stored could not be stored. */
  notStored(message: Message): void
  /** Lets go of the messages that have waited too long. */
  returnLate(): void
  /** Makes no message wait from now on. */
  drain(): void
}

interface Held {
  readonly progress: MessageProgress
  readonly letGo: (isLate: boolean) => void
}

/** Makes a guard that holds no message back as long as `allRejected` is off. */
export function createLetterGuard(
  allRejected: Pick<AllRejected, 'isOn' | 'passed' | 'admit' | 'notStored'>,
): LetterGuard {
  const held = new Set<Held>()
  let draining = false
  const { notStored } = allRejected
  const guard = { hasAsked: false, passed, waitForLeave, notStored, returnLate, drain }
  return guard

  function passed(): void {
    guard.hasAsked = false
    allRejected.passed()
    // Each message asks once more, because together they may begin the state again.
    for (const one of held) letGo(one, false)
  }

  async function waitForLeave(progress: MessageProgress): Promise<boolean> {
    for (;;) {
      guard.hasAsked = true
      if (allRejected.admit(progress.message, progress.outcomes.newTotals())) return true
      if (draining || !progress.wanted() || (await isLate(progress))) return false
    }
  }

  function isLate(progress: MessageProgress): Promise<boolean> {
    return new Promise((resolve) => {
      held.add({ progress, letGo: resolve })
    })
  }

  function returnLate(): void {
    for (const one of held) if (!one.progress.wanted()) letGo(one, true)
  }

  function drain(): void {
    draining = true
    for (const one of held) letGo(one, true)
  }

  function letGo(one: Held, late: boolean): void {
    held.delete(one)
    one.letGo(late)
  }
}
