import { VERSION } from '../version.ts'
import { type CommandEntry, defineProgram } from './frame/program.ts'

/** All commands, in the order of the help. Each is loaded only when it is asked for. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'serve',
    summary: 'take pushes and put their events into Mixpanel; runs when no command is named',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'check',
    summary: 'say what the service would do with events, or with this configuration',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'test',
    summary: 'run the cases of a mapping file',
    load: async () => (await import('./test.ts')).test,
  },
  {
    name: 'doctor',
    summary: 'check the configuration, Mixpanel, the subscription and the service',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    name: 'dead-letters',
    summary: 'list the events that were rejected, show why, and send them again',
    load: async () => (await import('./dead-letters.ts')).deadLetters,
  },
  {
    name: 'demo',
    summary: 'show the main job on this machine, between stand-ins',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'local',
    summary: 'run a whole world on this machine until Ctrl-C',
    load: async () => (await import('./local.ts')).local,
  },
  {
    name: 'publish',
    summary: 'publish a file of events to the world that local has started',
    load: async () => (await import('./publish.ts')).publish,
  },
]

/** The command line of the package. */
export const program = defineProgram({
  name: 'pubsub-mixpanel',
  about: 'Puts the events of a Google Cloud Pub/Sub subscription into Mixpanel, once each.',
  commands: COMMANDS,
  fallback: 'serve',
  version: VERSION,
})
