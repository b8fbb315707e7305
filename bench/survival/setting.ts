/** The deployment of the service in a run: one choice of each of its modes. */
export interface Setting {
  /** `INSERT_ID`. */
  readonly ids: 'message' | 'content'
  /** `DEAD_LETTER`: files, a topic, or the subscription's own dead-letter policy. */
  readonly letters: 'file' | 'topic' | 'subscription'
  /** The number of processes behind one URL. They share the folder of dead letters. */
  readonly instances: number
  /** Small batches keep the batcher at its limit, with more events waiting than a batch holds. */
  readonly batches: 'large' | 'small'
}

const IDS = ['message', 'content'] as const
const LETTERS = ['file', 'topic', 'subscription'] as const
const INSTANCES = [1, 3, 2, 4, 3] as const
const BATCHES = ['large', 'small', 'small', 'large'] as const

const SMALL_BATCHES = { BATCH_MAX_EVENTS: '40', DELIVERY_MAX_CONCURRENCY: '2' }

/** The setting of a run that asks for no other. */
export const PLAIN_SETTING: Setting = {
  ids: 'message',
  letters: 'file',
  instances: 1,
  batches: 'large',
}

/**
 * The setting that a seed draws. Six seeds in a row have every pair of ids and letters. Ten have
 * every pair of ids and instances, and nearly every pair of letters and instances.
 */
export function pickSetting(seed: number): Setting {
  return {
    ids: pickChoice(IDS, seed),
    letters: pickChoice(LETTERS, seed),
    instances: pickChoice(INSTANCES, seed),
    batches: pickChoice(BATCHES, seed),
  }
}

/** The service's variables that the setting fixes, except the place of its dead letters. */
export function variablesOf({ ids, batches }: Setting): Readonly<Record<string, string>> {
  return { INSERT_ID: ids, ...(batches === 'small' && SMALL_BATCHES) }
}

function pickChoice<T>(choices: readonly [T, ...T[]], seed: number): T {
  return choices[seed % choices.length] ?? choices[0]
}
