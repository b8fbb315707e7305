/** A fault put into the service's sources: the first text, which must be there, becomes the second. */
export interface Sabotage {
  readonly file: string
  readonly original: string
  readonly sabotaged: string
  /** It shows only when what was imported comes again to another process. */
  readonly showsAfterKill?: true
  /** What a survival run must say of it. */
  readonly found: RegExp
}

/** Each breaks a promise in a way that somebody has shipped, or nearly. */
export const SABOTEURS: Readonly<Record<string, Sabotage>> = {
  'acks before delivery': {
    file: 'ledger.ts',
    original: 'return wait(entry, answerBy)',
    sabotaged:
      "void wait(entry, answerBy)\nreturn { kind: 'ack', status: 204, reason: 'imported' }",
    found: /ackedEarly/,
  },
  'makes insert ids at random': {
    file: 'prepare/derived-ids.ts',
    original: 'isPubSubs && isLegalInsertId(id) ? id',
    sabotaged: 'true ? crypto.randomUUID()',
    showsAfterKill: true,
    found: /doubled/,
  },
  'stores dead letters after the ack': {
    file: 'pipeline.ts',
    original: 'if (await storeLetters(made, work, decodedBytesOf(decoded))) return',
    sabotaged: 'void storeLetters(made, work, decodedBytesOf(decoded))\nif (true) return',
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
    file: 'ledger.ts',
    original: 'const names = Object.keys(attributes).sort()',
    sabotaged: 'return messageId',
    found: /ackedEarly/,
  },
  'gives the children of a transform one id': {
    file: 'prepare/insert-id.ts',
    original: 'if (child === 0) return own',
    sabotaged: 'return own',
    found: /lost/,
  },
  'takes a refusal that names nobody for success': {
    file: 'deliver/verdict.ts',
    original: 'return { ...refusal, certain: false, ...(hint && { hint }) }',
    sabotaged: "return { kind: 'imported' }",
    found: /lost/,
  },
  'asks for ever about a count that falls short': {
    file: 'deliver/trial.ts',
    original: 'return first\n',
    sabotaged: 'return true\n',
    found: /given up/,
  },
  'does not sync its dead letters': {
    file: 'dead-letter/files.ts',
    original: 'sync: () => file.datasync()',
    sabotaged: 'sync: async () => {}',
    // The service looks for what it wrote before it acks, and does not find it in the file.
    found: /given up/,
  },
  'writes half of an event into its letter': {
    file: 'dead-letter/dead-letter-of.ts',
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
}
