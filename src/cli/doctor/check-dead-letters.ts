import { rmdir, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../config/load-config.ts'
import { createFileSink } from '../../dead-letter/file-sink.ts'
import type { Clock } from '../../lib/clock.ts'
import { checkTopic } from './check-topic.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { GoogleApi } from './google-api.ts'
import type { SettingsReader } from './settings.ts'
import { withSettings } from './with-settings.ts'

export interface DeadLettersDeps {
  readonly settings: SettingsReader
  readonly clock: Clock
  /** Returns the used share of the disk of a folder, from 0 to 1. */
  readonly diskUse: (folder: string) => Promise<number>
  /** Absent when no socket may be opened. */
  readonly google?: GoogleApi | undefined
  /** The service account that the examined service runs as; absent when it is not on Cloud Run. */
  readonly runAccount?: string | undefined
}

const WARN_FROM = 0.9

/** Checks the place where rejected events are stored. */
export function checkDeadLetters(
  deps: DeadLettersDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return withSettings(deps.settings, 'dead-letters', async ({ deadLetter }, { from }) => {
    switch (deadLetter.kind) {
      case 'subscription':
        return [skip('they are left to the dead-letter policy of the subscription')]
      case 'file':
        if (from === 'shell') return [await checkFolder(deadLetter.folder, deps)]
        return [skip(`file:${deadLetter.folder} lies on a volume of the service: see service`)]
      case 'pubsub':
        if (from === 'service' && deps.runAccount === undefined) {
          return [skip('Cloud Run does not name the account that publishes them')]
        }
        return topicFindings(deadLetter, deps, signal)
    }
  })
}

async function topicFindings(
  { topic, emulatorHost }: Extract<Config['deadLetter'], { kind: 'pubsub' }>,
  { google, runAccount }: DeadLettersDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (google === undefined) return [skip(`pubsub:${topic} is not asked with --offline`)]
  const emulated = emulatorHost !== undefined
  return checkTopic({ topic, emulated, account: runAccount }, google, signal)
}

/** Writes, flushes and removes a file, as the service does before it takes pushes. */
async function checkFolder(
  folder: string,
  { clock, diskUse }: Pick<DeadLettersDeps, 'clock' | 'diskUse'>,
): Promise<Finding> {
  const missing = await missingFolders(resolve(folder))
  const sink = createFileSink({ folder, maxFileBytes: 1, maxQueuedBytes: 1 }, { clock })
  try {
    await sink.probe()
    return diskFinding(`file:${folder}: writable`, await diskUse(folder))
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'the folder cannot be written')
  } finally {
    // The service may run as another user, who could not write to a folder of ours.
    for (const made of missing) await rmdir(made).catch(() => {})
  }
}

/** Returns the folders of a path that do not exist, the innermost first. */
async function missingFolders(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found !== undefined || dirname(path) === path) return []
  return [path, ...(await missingFolders(dirname(path)))]
}

function diskFinding(text: string, share: number): Finding {
  const percent = Math.floor(share * 100)
  if (share >= WARN_FROM) return warn(`${text}, but ${percent} % full`)
  return ok(`${text}, ${percent} % full`)
}

/** Returns the used share of the disk of a folder, as `df` counts it. */
export async function diskUseOf(folder: string): Promise<number> {
  const { blocks, bfree, bavail } = await statfs(folder)
  const used = blocks - bfree
  return used + bavail === 0 ? 0 : used / (used + bavail)
}
