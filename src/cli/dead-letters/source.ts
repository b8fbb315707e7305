import { DEFAULT_DEAD_LETTER, parseDeadLetter } from '../../config/dead-letter-form.ts'
import { isSubscriptionName } from '../../config/values.ts'
import type { Io } from '../frame/io.ts'
import { UserMistake } from '../frame/io.ts'
import { createFolderSource } from './folder-source.ts'
import type { LetterSource } from './letter-source.ts'
import { createSubscriptionSource } from './subscription-source.ts'

/** Whether a place is meant to be a resource of Pub/Sub, spelled well or not. */
const RESOURCE = /^projects\/[^/]*\/(subscription|topic)/i

/** Returns the given place of letters, or else the folder that `DEAD_LETTER` names. */
export function sourceOf(from: string | undefined, io: Io): LetterSource {
  if (from === undefined || !RESOURCE.test(from))
    return createFolderSource(folderOf(from, io.env), io)
  if (isSubscriptionName(from)) return createSubscriptionSource(from, io)
  throw new UserMistake(
    '--from takes a folder or a subscription, projects/P/subscriptions/S: letters in a topic are read from a subscription to it',
  )
}

/** Returns the folder of the letters: the given one, or what `DEAD_LETTER` names. */
export function folderOf(from: string | undefined, env: Io['env']): string {
  if (from !== undefined) return givenFolder(from)
  const form = parseDeadLetter(env.DEAD_LETTER?.trim() || DEFAULT_DEAD_LETTER)
  if (form.kind === 'file') return form.folder
  if (form.kind === 'pubsub') {
    throw new UserMistake(
      'DEAD_LETTER names a topic: name a subscription to it with --from projects/P/subscriptions/S',
    )
  }
  throw new UserMistake('DEAD_LETTER names no folder: name one with --from')
}

function givenFolder(from: string): string {
  if (!RESOURCE.test(from)) return from.replace(/^file:/, '')
  throw new UserMistake('--from takes a folder here: a subscription forgets letters that are done')
}
