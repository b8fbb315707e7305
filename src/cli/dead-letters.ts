import { defineProgram } from './frame/program.ts'

/** The commands about the letters that the service has stored. */
export const deadLetters = defineProgram({
  name: 'pubsub-mixpanel dead-letters',
  about: 'Lists the events that were rejected, shows why, and sends them again.',
  commands: [
    {
      name: 'list',
      summary: 'count the letters by reason, field and event',
      load: async () => (await import('./dead-letters/list.ts')).list,
    },
    {
      name: 'show',
      summary: 'show letters, what the service says of them now, and their events',
      load: async () => (await import('./dead-letters/show.ts')).show,
    },
    {
      name: 'replay',
      summary: 'say what would become of letters that are sent again, or send them',
      load: async () => (await import('./dead-letters/replay.ts')).replay,
    },
    {
      name: 'prune',
      summary: 'remove files all of whose letters are done',
      load: async () => (await import('./dead-letters/prune.ts')).prune,
    },
  ],
})
