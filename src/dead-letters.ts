import type { Config } from './config.ts'
import { createFileSink } from './dead-letter/file-sink.ts'
import { createStoreRejected, type StoreRejected } from './dead-letter/store-rejected.ts'
import type { Clock } from './lib/clock.ts'
import type { Telemetry } from './model/telemetry.ts'
import type { RejectedGo } from './settle/settlement-of.ts'

/** Where rejected events go. */
export interface DeadLetters {
  readonly rejectedGo: RejectedGo
  readonly storeRejected: StoreRejected
  /** Rejects when letters could not be stored, with what to do. */
  probe(): Promise<void>
  close(): Promise<void>
}

const FILE_BYTES = 64 * 1024 * 1024
const QUEUE_BYTES = 32 * 1024 * 1024

/** Puts the room `dead-letter` together, as `DEAD_LETTER` has it. */
export function createDeadLetters(
  { deadLetter }: Config,
  parts: { readonly clock: Clock; readonly telemetry: Telemetry },
): DeadLetters {
  if (deadLetter.kind === 'subscription') {
    return { rejectedGo: 'to_subscription', storeRejected: async () => true, ...NOTHING_TO_OPEN }
  }
  const { probe, store, close } = createFileSink(
    { folder: deadLetter.folder, maxFileBytes: FILE_BYTES, maxQueuedBytes: QUEUE_BYTES },
    parts,
  )
  const storeRejected = createStoreRejected({ ...parts, store })
  return { rejectedGo: 'to_store', storeRejected, probe, close }
}

const NOTHING_TO_OPEN = { probe: async () => {}, close: async () => {} } as const
