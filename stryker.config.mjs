/** Tests that take a second or more of CPU: each mutant they reach would take it, too. */
const SLOW_TESTS = [
  'before it is parsed',
  'never throws, whatever the data',
  'takes a large text in turns',
  'of a large array as of a small one',
  'a million times over',
  'are measured to the byte',
  'and a hundred thousand names',
  'in the time of its length',
  'takes, with its event, in both forms',
  'reads ten thousand keys of a map',
  'makes events of 32 MiB at most of a line',
  'hashes any text as createHmac does',
  'maps any JSON at any place',
]

// Mutation testing: `npm run mutation`. When and how, CONTRIBUTING.md says.
export default {
  // The rooms in which a wrong word loses an event or doubles one.
  mutate: [
    'src/{decode,batch,settle,prepare}/**/*.ts',
    'src/deliver/{verdict,unnamed-refusal,failed-records,mixpanel-texts,trust,attempts,deliver-batch,bisect,settle-events}.ts',
    'src/deliver/{access,refusals,holding,gate,circuit,rate}.ts',
    // Without what asks Google, whose tests need a bundle and a server.
    'src/dead-letter/!(google-credentials|topic-client).ts',
    'src/lib/{json/text,ordinals,ranges}.ts',
    'src/pipeline.ts',
    'src/message/*.ts',
    // Without the schema, of which a test holds each word.
    'src/transform/mapping/**/!(mapping-schema).ts',
    'src/transform/presets/*.ts',
  ],
  testRunner: 'tap',
  // All test files run once at first, one after another.
  dryRunTimeoutMinutes: 20,
  // A test file is the unit: one process for each file that covers the mutant, until one fails.
  coverageAnalysis: 'perTest',
  tap: {
    testFiles: [
      'test/{decode,batch,settle,prepare}/*.test.ts',
      // Without those that take seconds and hold nothing that the others do not.
      'test/deliver/!(mixpanel-client|fresh-sockets).test.ts',
      'test/system/deliver/deliver-batch-memory.test.ts',
      'test/dead-letter/*.test.ts',
      'test/lib/{json/text,ordinals,ranges}.test.ts',
      'test/{pipeline,redelivery}.test.ts',
      'test/message/!(going-on).test.ts',
      'test/transform/mapping/{rules,drop-rules,load-mapping}.test.ts',
      'test/transform/mapping/{reading,shapes,privacy}/*.test.ts',
      // Without random expressions: they take seconds.
      'test/transform/mapping/expressions/!(any-expression).test.ts',
      'test/transform/presets/*.test.ts',
    ],
    nodeArgs: [
      `--test-skip-pattern=/${SLOW_TESTS.join('|')}/`,
      '--test-reporter=tap',
      '--import=./tools/repeat-properties.ts',
      '--require={{hookFile}}',
      '{{testFile}}',
    ],
  },
  // Node strips the types as ever. Left in the sandbox, tsconfig.json would be rewritten by an
  // API that TypeScript 7 has no more.
  disableTypeChecks: false,
  ignorePatterns: ['tsconfig.json', 'dist', 'coverage', 'reports'],
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowEmojis: false, reportTests: false },
  thresholds: { high: 95, low: 85, break: 85 },
}
