// Mutation testing: `npm run mutation`. When and how, CONTRIBUTING.md says.
export default {
  // The rooms in which a wrong word loses an event or doubles one.
  mutate: [
    'src/deliver/{verdict,failed-records,mixpanel-texts,standing,trial,deliver-batch,split,tell}.ts',
    'src/deliver/{gate,door,rate,last-minute}.ts',
    'src/settle/**/*.ts',
    'src/prepare/**/*.ts',
    'src/lib/json-text.ts',
    'src/{ledger,memory,work,outcomes}.ts',
  ],
  testRunner: 'tap',
  // A test file is the unit: one process for each file that covers the mutant, until one fails.
  coverageAnalysis: 'perTest',
  tap: {
    testFiles: [
      'test/{settle,prepare}/*.test.ts',
      // Without those that take seconds and hold nothing that the others do not.
      'test/deliver/!(rate-simulation|mixpanel-client|fresh-sockets).test.ts',
      'test/{ledger,memory,work,pipeline,redelivery}*.test.ts',
      'test/lib/json-text.test.ts',
    ],
    nodeArgs: [
      '--test-reporter=tap',
      '--import=./tools/repeat-properties.ts',
      '--require={{hookFile}}',
      '{{testFile}}',
    ],
  },
  // Node strips the types as ever. Left in the sandbox, tsconfig.json would be rewritten by an
  // API that TypeScript 7 has no more.
  disableTypeChecks: false,
  ignorePatterns: ['tsconfig.json', 'dist', 'coverage', 'docs', 'reports'],
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowEmojis: false, reportTests: false },
  thresholds: { high: 95, low: 85, break: 85 },
}
