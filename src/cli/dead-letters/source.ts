import { DEFAULT_DEAD_LETTER, parseDeadLetter } from '../../config/dead-letter-form.ts'
import type { Io } from '../frame/io.ts'
import { UserMistake } from '../frame/io.ts'

const SUBSCRIPTION = /^projects\/[^/]+\/(subscriptions|topics)\//

/** Returns the folder of the letters: the given one, or what `DEAD_LETTER` names. */
export function folderOf(from: string | undefined, env: Io['env']): string {
  if (from !== undefined) return givenFolder(from)
  const form = parseDeadLetter(env.DEAD_LETTER?.trim() || DEFAULT_DEAD_LETTER)
  if (form.kind === 'file') return form.folder
  throw new UserMistake('DEAD_LETTER names no folder: name one with --from')
}

function givenFolder(from: string): string {
  if (!SUBSCRIPTION.test(from)) return from.replace(/^file:/, '')
  throw new UserMistake('--from takes a folder: letters in a topic are not read by this version')
}
