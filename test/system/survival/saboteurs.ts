import type { SurvivalOptions } from '../../../bench/survival/survive.ts'

/** A fault put into the service's sources: the first text, which must be there, becomes the second. */
export interface Sabotage {
  readonly file: string
  readonly original: string
  readonly sabotaged: string
  /** It shows only when what was imported comes again to another process. */
  readonly showsAfterKill?: true
  /** Where it shows, when it does not everywhere. */
  readonly shows?: Partial<
    Pick<SurvivalOptions, 'setting' | 'events' | 'faults' | 'calm' | 'patienceMs'>
  >
  /** The finding that a survival run must report. */
  readonly found: RegExp
}

const IDS_FROM_CONTENT = {
  ids: 'content',
  letters: 'file',
  instances: 1,
  batches: 'large',
} as const
const LETTERS_IN_A_TOPIC = {
  ids: 'message',
  letters: 'topic',
  instances: 1,
  batches: 'large',
} as const
const LEFT_TO_SUBSCRIPTION = { ...LETTERS_IN_A_TOPIC, letters: 'subscription' } as const
const SMALL_BATCHES = { ...IDS_FROM_CONTENT, ids: 'message', batches: 'small' } as const

/** Each breaks a promise in a way that somebody has shipped, or nearly. */
export const SABOTEURS: Readonly<Record<string, Sabotage>> = {
  'acks before delivery': {
    file: 'message/ledger.ts',
    original: 'return wait(running ?? begin(named, answerBy, last?.outcomes), answerBy)',
    sabotaged:
      "void wait(running ?? begin(named, answerBy, last?.outcomes), answerBy)\nreturn Promise.resolve({ kind: 'ack', status: 204, reason: 'imported' })",
    found: /ackedEarly/,
  },
  'makes insert ids at random': {
    file: 'prepare/insert-id.ts',
    original: 'isReadable ? readable',
    sabotaged: 'true ? crypto.randomUUID()',
    showsAfterKill: true,
    found: /doubled/,
  },
  'stores dead letters after the ack': {
    file: 'pipeline.ts',
    original: 'if (isLeft || (await storeLetters(portions, progress))) return',
    sabotaged: 'if (!isLeft) void storeLetters(portions, progress)\nif (true) return',
    found: /ackedEarly/,
  },
  'puts a fast clock back to its own now': {
    file: 'prepare/event-time.ts',
    original: 'if (ms <= publishedAt + HOUR_MS) return',
    sabotaged:
      'publishedAt += Math.round(performance.now())\nif (ms <= publishedAt + HOUR_MS) return',
    showsAfterKill: true,
    found: /doubled|astray/,
  },
  'has one hash for all bad ids': {
    file: 'prepare/insert-id.ts',
    original: "hashId(['own', id])",
    sabotaged: "hashId(['own'])",
    found: /lost/,
  },
  'knows a message by its id alone': {
    file: 'message/ledger.ts',
    original: 'const running = find(named)',
    sabotaged:
      "process.known ??= new Map()\nconst known = process.known.get(message.messageId)\nif (known && known !== message.subscription) return Promise.resolve({ kind: 'ack', status: 204, reason: 'imported' })\nprocess.known.set(message.messageId, message.subscription)\nconst running = find(named)",
    found: /ackedEarly/,
  },
  'gives the children of a transform one id': {
    file: 'prepare/child-ids.ts',
    original: 'while (claimed.has(id)) id',
    sabotaged: 'if (child < 0) id',
    found: /lost/,
  },
  'takes a refusal that names nobody for success': {
    file: 'deliver/unnamed-refusal.ts',
    original: 'return { ...refusal, certain: false, ...(hint && { hint }) }',
    sabotaged: "return { kind: 'imported' }",
    found: /lost/,
  },
  'asks for ever about a count that falls short': {
    file: 'deliver/attempts.ts',
    original: 'return first\n',
    sabotaged: 'return true\n',
    found: /given up/,
  },
  'does not sync its dead letters': {
    file: 'dead-letter/files.ts',
    original: 'sync: () => file.datasync()',
    sabotaged: 'sync: async () => {}',
    found: /ackedEarly/,
  },
  'writes half of an event into its letter': {
    file: 'dead-letter/letter-form.ts',
    original: '{ event: line.text }',
    sabotaged: '{ event: line.text.slice(0, 20) }',
    found: /astray/,
  },
  'hashes insert ids that are legal': {
    file: 'prepare/insert-id.ts',
    original: 'isLegalInsertId(id) ? id : hash',
    sabotaged: 'hash',
    found: /astray/,
  },
  'swallows a late run in a lane at its limit': {
    file: 'batch/lane.ts',
    original: 'run.sink.report(event, retry(lateReason()))',
    sabotaged: `const waiting = runs.reduce((sum, { pending, next }) => sum + pending.length - next, 0)
      if (waiting < limits.maxEvents) run.sink.report(event, retry(lateReason()))`,
    shows: {
      setting: SMALL_BATCHES,
      faults: ['no answer for longer than the ack deadline'],
      events: 1_500,
      calm: 400,
      patienceMs: 13_000,
    },
    found: /given up/,
  },
  'takes events that an unbalanced 400 does not name for imported': {
    file: 'deliver/deliver-batch.ts',
    original: "return others.length === 0 ? IMPORTED_NONE : deliver(others, 'compressed')",
    sabotaged: 'if (others.length > 0) settleEvents(others, IMPORTED)\n    return IMPORTED_NONE',
    shows: {
      events: 2_000,
      faults: ['list that does not balance'],
      calm: 1,
      patienceMs: 13_000,
    },
    found: /lost/,
  },
  'makes ids from content and the clock': {
    file: 'prepare/insert-id.ts',
    original: "['content', text, ...place]",
    sabotaged: "['content', text, performance.now()]",
    showsAfterKill: true,
    shows: { setting: IDS_FROM_CONTENT },
    found: /doubled/,
  },
  'makes ids from the published line and not from the event that is sent': {
    file: 'prepare/insert-id.ts',
    original: 'const text = textWithOwnTime(unnamed)',
    sabotaged: 'const text = unnamed.candidate.line.text',
    shows: { setting: IDS_FROM_CONTENT },
    found: /lost/,
  },
  'gives the children of a transform ids by place, whatever ids they have': {
    file: 'prepare/child-ids.ts',
    original: 'let id = own',
    sabotaged: 'let id = childIdOf(own, child)',
    found: /astray/,
  },
  'writes letters to a file that was deleted': {
    file: 'dead-letter/letter-files.ts',
    original: 'switch (await findPlace(open, files)) {',
    sabotaged: 'if (clock.now() > 0) return true\n    switch (await findPlace(open, files)) {',
    shows: { faults: ['letter files deleted'], calm: 50, setting: SMALL_BATCHES },
    found: /ackedEarly/,
  },
  'gives a letter that is published again the id of its new message': {
    file: 'receive/origin-of.ts',
    original: '    messageId,\n    subscription:',
    sabotaged: '    messageId: pushedAs,\n    subscription:',
    shows: { setting: LETTERS_IN_A_TOPIC, faults: ['letters published again'], calm: 50 },
    found: /astray|lost/,
  },
  "takes the publish time of a dead-letter policy's copy for its own": {
    file: 'receive/message-of.ts',
    original: 'const first = message.attributes?.[FIRST_PUBLISH_TIME]',
    sabotaged: "const first = message.attributes?.['']",
    found: /astray/,
  },
  'acks what it should leave to the dead-letter policy': {
    file: 'settle/settlement-of.ts',
    original: "if (mode === 'to_store') return",
    sabotaged: 'if (mode) return',
    shows: { setting: LEFT_TO_SUBSCRIPTION },
    found: /ackedEarly/,
  },
  'loses count of what it received': {
    file: 'telemetry/event-totals.ts',
    original: 'received += count',
    sabotaged: 'received += 1',
    found: /received \d+ events, but settled/,
  },
}
