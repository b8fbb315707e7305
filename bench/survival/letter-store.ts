import { join } from 'node:path'
import { LOCAL_DEAD_LETTER_TOPIC, startPubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import type { Disk } from './disk.ts'
import { type Faults, folderFaults, type Replay, topicFaults } from './faults.ts'
import type { LetterHold } from './kill-points.ts'
import { createLetterFolder } from './letter-folder.ts'
import { createLetterTopic } from './letter-topic.ts'
import { type LetterReader, NO_LETTERS } from './letters.ts'
import type { Setting } from './setting.ts'

/** The place where the service stores dead letters, as a run reads and disturbs it. */
export interface LetterStore extends LetterReader {
  /** The variables that make the service store letters there. */
  readonly env: Readonly<Record<string, string>>
  readonly faults: Faults
  /** The hold for the instance with this disk. */
  holdFor(disk: Disk): LetterHold
  /** Publishes every letter again; returns the number of messages. Letters in files are not. */
  replayAll(): number
  close(): Promise<void>
}

export interface LetterStoreDeps {
  /** A folder for this store only. */
  readonly folder: string
  readonly disks: readonly Disk[]
  readonly replay: Replay
}

export function openLetterStore(
  { letters }: Pick<Setting, 'letters'>,
  deps: LetterStoreDeps,
): LetterStore | Promise<LetterStore> {
  switch (letters) {
    case 'file':
      return openFolder(deps)
    case 'topic':
      return openTopic(deps)
    case 'subscription':
      return leftToSubscription()
  }
}

function openFolder({ folder, disks }: LetterStoreDeps): LetterStore {
  const place = join(folder, 'dead-letters')
  const reader = createLetterFolder(place, join(folder, 'aside'))
  return {
    ...reader,
    env: { DEAD_LETTER: `file:${place}` },
    faults: folderFaults(reader, disks),
    holdFor: (disk) => disk,
    replayAll: () => 0,
    close: async () => reader.close(),
  }
}

async function openTopic({ replay }: LetterStoreDeps): Promise<LetterStore> {
  const pubsub = await startPubsubStandIn()
  const topic = createLetterTopic(pubsub)
  return {
    ...topic,
    env: { DEAD_LETTER: `pubsub:${LOCAL_DEAD_LETTER_TOPIC}`, PUBSUB_EMULATOR_HOST: pubsub.host },
    faults: topicFaults(topic, pubsub, replay),
    holdFor: () => topic,
    replayAll,
    close: pubsub.close,
  }

  function replayAll(): number {
    const letters = topic.messages()
    for (const letter of letters) replay(letter)
    return letters.length
  }
}

function leftToSubscription(): LetterStore {
  return {
    ...NO_LETTERS,
    env: { DEAD_LETTER: 'subscription' },
    faults: {},
    holdFor: () => ({ hold: () => {}, isHolding: () => false, letGo: () => {} }),
    replayAll: () => 0,
    close: async () => {},
  }
}
