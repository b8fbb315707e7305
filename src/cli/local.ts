import { defineCommand } from './frame/command.ts'
import { type Io, UserMistake } from './frame/io.ts'
import { PAGE_FLAGS } from './page-flags.ts'
import { PORT_BASE, parsePortBase } from './ports.ts'

/** Runs a whole world until an end from outside. */
export const local = defineCommand({
  name: 'pubsub-mixpanel local',
  about: `Runs a whole world on this machine until Ctrl-C: Pub/Sub with a topic and a signed push
subscription, the real service, Mixpanel, and a page to watch and play with. Prints commands to paste,
then a line for each thing that happens.`,
  examples: [
    ['pubsub-mixpanel local', 'run it on the ports 8080 to 8085'],
    ['pubsub-mixpanel local --open', 'open the page, too'],
    ['TRANSFORM=./mapping.yaml pubsub-mixpanel local', 'pass variables on to the service'],
  ],
  flags: {
    'port-base': PORT_BASE,
    'dead-letters': { type: 'string', value: 'DIR', meaning: 'keep dead letters in this folder' },
    duplicates: {
      type: 'string',
      value: 'SHARE',
      default: '0',
      meaning: 'push this share of the acked messages again, from 0 to 1',
    },
    ...PAGE_FLAGS,
  },
  more: `Variables of the service, and the keys that a mapping names, are passed on to it, except variables
that would tie it to another world. When the file of TRANSFORM changes, the service loads it anew.`,
  async run({ flags }, io) {
    const given = {
      portBase: parsePortBase(flags['port-base']),
      duplicates: parseShare(flags.duplicates),
      deadLetters: placeFor(flags['dead-letters'], io.env),
      page: { isLeftOut: flags['no-page'], isOpened: flags.open },
    }
    // The rest takes a while to load, and a person waits.
    io.stdout.print('Starting a whole world on this machine …\n')
    const { liveInWorld } = await import('./live-in-world.ts')
    return liveInWorld(given, io)
  },
})

function parseShare(text: string): number {
  if (/^(0|1|0?\.\d+)$/.test(text)) return Number(text)
  throw new UserMistake('--duplicates must be a number from 0 to 1')
}

function placeFor(deadLetters: string | undefined, env: Io['env']): string | undefined {
  if (deadLetters === undefined || !env.DEAD_LETTER) return deadLetters
  throw new UserMistake(
    '--dead-letters and DEAD_LETTER both name a place for dead letters: set one of them',
  )
}
