import type { DeadLetter } from '../../src/model/dead-letter.ts'

/** A letter that is valid unless told otherwise. */
export function aDeadLetter(changes: Partial<DeadLetter> = {}): DeadLetter {
  return {
    id: '1-1',
    deadLetteredAt: '2026-01-01T00:00:00.000Z',
    reason: 'invalid_json',
    detail: 'not JSON',
    event: '{"event":',
    stage: 'published',
    line: 1,
    replays: 0,
    message: { messageId: '1', subscription: 'projects/p/subscriptions/s', attributes: {} },
    ...changes,
  }
}
