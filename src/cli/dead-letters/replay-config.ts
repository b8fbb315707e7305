import { resolve } from 'node:path'
import { type Config, InvalidConfigurationError, loadConfig } from '../../config/load-config.ts'
import type { Host } from '../../config/rules.ts'
import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import type { FixOf } from '../../service/replay/fix-line.ts'
import { loadFix, loadTransform } from '../../transform/load-transform.ts'
import type { Transform } from '../../transform/transform.ts'
import { type Io, UserMistake, UserMistakes } from '../frame/io.ts'
import { asUserMistakes } from '../mapping-mistakes.ts'

/** The variables of a service that a replay needs nothing of: it takes no push. */
const OF_PUSHES =
  /^(PUSH_(?!MAX_BUFFERED_BYTES$|ACK_DEADLINE_SECONDS$)|K_SERVICE$|PORT$|HOST$|METRICS_PORT$)/
const OF_MIXPANEL = /^MIXPANEL_/
/** A place that nothing is sent to, for a command that sends nothing. */
const NOWHERE = { MIXPANEL_URL: 'http://127.0.0.1:9', MIXPANEL_PROJECT_TOKEN: '0'.repeat(32) }

export interface ReplayConfigOptions {
  /**
   * The place of letters that fail again: a folder, the one that `DEAD_LETTER` names, or none for a
   * command that stores nothing.
   */
  readonly store: 'configured' | 'none' | Readonly<{ folder: string }>
  readonly sends: boolean
}

/**
 * Loads the configuration of a service for its letters. Without `sends`, Mixpanel need not be
 * configured. Throws a `UserMistake` that names all problems.
 */
export function loadReplayConfig(
  env: Io['env'],
  host: Host,
  { store, sends }: ReplayConfigOptions,
): Config {
  const needed = Object.entries(env).filter(
    ([name]) => !OF_PUSHES.test(name) && (sends || !OF_MIXPANEL.test(name)),
  )
  const given = {
    ...Object.fromEntries(needed),
    ...(sends ? {} : NOWHERE),
    PUSH_AUTH: 'none',
    ...(store === 'none' && { DEAD_LETTER: 'subscription' }),
    ...(typeof store === 'object' && { DEAD_LETTER: `file:${resolve(store.folder)}` }),
  }
  try {
    return loadConfig(given, host)
  } catch (error) {
    if (!(error instanceof InvalidConfigurationError)) throw error
    throw new UserMistake(`the configuration does not load: ${error.problems.join('; ')}`)
  }
}

/** Loads the owner's mapping, if there is one, and the fix. Throws a `UserMistake` or `UserMistakes`. */
export async function loadModules(
  { transformPath }: Pick<Config, 'transformPath'>,
  fixPath: string | undefined,
  env: Io['env'],
): Promise<{ transform: Transform | undefined; fixOf: FixOf | undefined }> {
  try {
    return {
      transform:
        transformPath === undefined
          ? undefined
          : await asUserMistakes(loadTransform(transformPath, { env, keys: 'environment' })),
      fixOf: fixPath === undefined ? undefined : await loadFix<StoredLetter>(fixPath),
    }
  } catch (error) {
    if (error instanceof UserMistakes) throw error
    throw new UserMistake(error instanceof Error ? error.message : 'a module cannot be loaded')
  }
}
