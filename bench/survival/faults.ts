import type { TopicMessage } from '../../src/local/pubsub/publish-rules.ts'
import type { PubsubStandIn } from '../../src/local/pubsub-stand-in.ts'
import type { TokenIssuer } from '../../src/local/token-issuer.ts'
import type { Disk } from './disk.ts'
import type { LetterFolder } from './letter-folder.ts'
import type { LetterTopic } from './letter-topic.ts'
import type { Random } from './random.ts'

/** A fault. It ends after `lastsMs` or, as most do, by itself. */
export interface Fault {
  strike(random: Random): void | Promise<void>
  readonly lastsMs?: readonly [fewest: number, most: number]
  /** The fault is drawn less often than the others. */
  readonly isRare?: true
  end?(): void
}

/** The faults, by their names in the report. */
export type Faults = Readonly<Record<string, Fault>>

const REPLAYED = 40

/** The faults of the key server. */
export function keyFaults(issuer: TokenIssuer): Faults {
  return {
    'keys rotated': { strike: () => issuer.rotate('stays') },
    'key server down': {
      lastsMs: [500, 3_000],
      strike: () => issuer.answerAlways({ kind: 'status', status: 503 }),
      end: () => issuer.answerAlways('normally'),
    },
    'keys rotated while the key server is down': {
      lastsMs: [500, 2_000],
      strike: () => {
        issuer.answerAlways({ kind: 'hang' })
        return issuer.rotate('stays')
      },
      end: () => issuer.answerAlways('normally'),
    },
  }
}

/** The faults that an operator and a disk cause to letters in files. */
export function folderFaults(folder: LetterFolder, disks: readonly Disk[]): Faults {
  return {
    'dead-letter disk full': {
      lastsMs: [300, 2_000],
      strike: () => each((disk) => disk.setFull(true)),
      end: () => each((disk) => disk.setFull(false)),
    },
    'dead-letter disk slow': {
      lastsMs: [300, 2_000],
      strike: (random) => {
        const ms = 20 + random.int(300)
        each((disk) => disk.setSlow(ms))
      },
      end: () => each((disk) => disk.setSlow(0)),
    },
    'letter files moved': { strike: folder.moveFiles },
    'letter files deleted': { strike: folder.deleteFiles },
    'letter folder deleted': { strike: folder.deleteFolder },
  }

  function each(strike: (disk: Disk) => void): void {
    for (const disk of disks) strike(disk)
  }
}

/** The faults of the letters' topic, and a replay of its letters. */
export function topicFaults(topic: LetterTopic, pubsub: PubsubStandIn, replay: Replay): Faults {
  return {
    'letter topic unavailable': {
      strike: (random) => {
        const status = random.pick([429, 500, 503, 504])
        pubsub.answerNext(1 + random.int(4), { kind: 'status', status, body: {} })
      },
    },
    'letter topic silent': { strike: () => pubsub.answerNext(1, { kind: 'hang' }) },
    'answer of the letter topic lost': {
      strike: (random) => {
        const kind = random.pick(['reset', 'cut_off', 'confirm_fewer'] as const)
        pubsub.answerNext(1 + random.int(3), { kind })
      },
    },
    'letters published again': {
      strike: (random) => {
        const letters = topic.messages()
        const from = random.int(letters.length + 1)
        for (const letter of letters.slice(from, from + REPLAYED)) replay(letter)
      },
    },
  }
}

/** Publishes a letter again, to the topic of its original message. */
export type Replay = (letter: TopicMessage) => void
