import type { Config } from '../config/load-config.ts'
import { createDecode } from '../decode/decode.ts'
import { parseLine } from '../decode/parse-line.ts'
import { nextTurn } from '../lib/clock.ts'
import type { Stages } from '../pipeline.ts'
import { createPrepare } from '../prepare/prepare.ts'
import { settlementOf } from '../settle/settlement-of.ts'
import { asPublished, forLetters, type Transform } from '../transform/transform.ts'
import type { DeadLetters } from './dead-letters.ts'

/** The stages that keep state, or reach out of the process. */
export interface OuterStages extends Pick<Stages, 'importEvents' | 'letterGuard' | 'countRule'> {
  readonly deadLetters: Pick<
    DeadLetters,
    'rejectedRoute' | 'tallyLetters' | 'storeRejected' | 'storeMany'
  >
  readonly transform: Transform | undefined
}

/**
 * The sizes of the pipeline. A portion is two full batches, made in some 20 ms. The window fills a
 * quota even when Mixpanel takes half a second.
 */
export const PIPELINE = {
  portion: { events: 4_000, characters: 512 * 1024 },
  windowBytes: 16 * 1024 * 1024,
}

/** Returns the stages of the path, as the pipeline calls them. */
export function stagesOf(
  config: Pick<Config, 'decode' | 'push' | 'insertId'>,
  { deadLetters, transform = asPublished, ...outer }: OuterStages,
): Stages {
  const { rejectedRoute, tallyLetters, storeRejected, storeMany } = deadLetters
  return {
    decode: createDecode(
      { ...config.decode, maxFootprintBytes: config.push.maxBufferedBytes },
      nextTurn,
    ),
    parse: parseLine,
    transform: forLetters(transform),
    prepare: createPrepare(config),
    ...outer,
    rejectedRoute,
    tallyLetters,
    storeRejected,
    storeMany,
    settlementOf,
  }
}
