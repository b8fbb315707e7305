import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findMountedFolder, loadConfig } from '../../src/config/load-config.ts'
import {
  ENVIRONMENT,
  RESERVED,
  SECRETS,
  VARIABLE_NAMES,
  VARIABLES,
} from '../../src/config/schema.ts'
import {
  aHost,
  type Env,
  load,
  MIB,
  OFF_CLOUD_RUN,
  ON_CLOUD_RUN,
  problemsWith,
  SERVICE_ACCOUNT,
} from '../helpers/config.ts'

describe('a complete configuration', () => {
  it('has a default for everything that is not required', () => {
    const config = loadConfig(OFF_CLOUD_RUN, aHost())

    assert.deepEqual(config, {
      server: { host: '0.0.0.0', port: 8080, metricsPort: 9464, logLevel: 'info' },
      mixpanel: {
        baseUrl: 'https://api-eu.mixpanel.com',
        region: 'eu',
        credentials: { kind: 'project_token', token: OFF_CLOUD_RUN.MIXPANEL_PROJECT_TOKEN },
        timeoutMs: 30_000,
      },
      push: {
        auth: {
          kind: 'oidc',
          audiences: ['https://push.example.com'],
          serviceAccounts: ['pusher@p.iam.gserviceaccount.com'],
          issuers: ['https://accounts.google.com', 'accounts.google.com'],
          jwksUrl: 'https://www.googleapis.com/oauth2/v3/certs',
        },
        subscriptions: [],
        ackDeadlineMs: 10_000,
        maxBufferedBytes: 134_217_728,
      },
      decode: { maxBytes: 67_108_864 },
      batch: { maxEvents: 2000, maxBytes: 9_500_000, lingerMs: 'adaptive' },
      delivery: { maxConcurrency: 16, maxEventsPerSecond: 30_000 },
      insertId: 'message',
      deadLetter: { kind: 'file', folder: './dead-letters' },
      deadLetterOriginal: 'auto',
      onCloudRun: false,
      cloud: { projectId: undefined, metadataHost: undefined },
      warnings: [],
    })
  })

  it('takes every value that is set', () => {
    const config = load({
      PORT: '0',
      HOST: '127.0.0.1',
      METRICS_PORT: '0',
      LOG_LEVEL: 'silent',
      MIXPANEL_TIMEOUT_SECONDS: '5',
      PUSH_SUBSCRIPTIONS: 'projects/p/subscriptions/one,projects/p/subscriptions/two',
      PUSH_ISSUER: 'http://127.0.0.1:9000',
      PUSH_JWKS_URL: 'http://127.0.0.1:9000/keys',
      PUSH_ACK_DEADLINE_SECONDS: '60',
      PUSH_MAX_BUFFERED_BYTES: '67108864',
      DECODE_MAX_BYTES: '1048576',
      BATCH_MAX_EVENTS: '1',
      BATCH_MAX_BYTES: '1100000',
      BATCH_LINGER_MS: '0',
      DELIVERY_MAX_CONCURRENCY: '2',
      DELIVERY_MAX_EVENTS_PER_SECOND: '3',
      INSERT_ID: 'content',
      TRANSFORM: './mapping.mjs',
      DEAD_LETTER: 'file:letters',
      DEAD_LETTER_ORIGINAL: 'never',
    })

    assert.partialDeepStrictEqual(config, {
      server: { host: '127.0.0.1', port: 0, metricsPort: 0, logLevel: 'silent' },
      mixpanel: { timeoutMs: 5000 },
      push: {
        auth: { issuers: ['http://127.0.0.1:9000'], jwksUrl: 'http://127.0.0.1:9000/keys' },
        subscriptions: ['projects/p/subscriptions/one', 'projects/p/subscriptions/two'],
        ackDeadlineMs: 60_000,
        maxBufferedBytes: 67_108_864,
      },
      decode: { maxBytes: 1_048_576 },
      batch: { maxEvents: 1, maxBytes: 1_100_000, lingerMs: 0 },
      delivery: { maxConcurrency: 2, maxEventsPerSecond: 3 },
      insertId: 'content',
      transformPath: './mapping.mjs',
      deadLetter: { kind: 'file', folder: 'letters' },
      deadLetterOriginal: 'never',
    })
  })

  it('counts an empty or blank value as unset', () => {
    assert.deepEqual(
      load({ PORT: '', LOG_LEVEL: ' ', MIXPANEL_PROJECT_ID: '', SCHEMAS: '\n' }),
      load({}),
    )
  })

  it('trims what surrounds a value, as the newline of a secret that was echoed', () => {
    const config = load({ MIXPANEL_PROJECT_TOKEN: 'a-token\n', PORT: ' 5 ' })

    assert.deepEqual(config.mixpanel.credentials, { kind: 'project_token', token: 'a-token' })
    assert.equal(config.server.port, 5)
  })

  it('trims the entries of a list and drops empty ones', () => {
    const { auth } = load({ PUSH_AUDIENCE: ' one , two,,' }).push

    assert.partialDeepStrictEqual(auth, { audiences: ['one', 'two'] })
  })

  it('takes a service account instead of a project token', () => {
    assert.deepEqual(load(SERVICE_ACCOUNT).mixpanel.credentials, {
      kind: 'service_account',
      username: 'user',
      secret: 'a-secret',
      projectId: '42',
    })
  })

  for (const [region, url] of [
    ['us', 'https://api.mixpanel.com'],
    ['eu', 'https://api-eu.mixpanel.com'],
    ['in', 'https://api-in.mixpanel.com'],
  ] as const) {
    it(`sends to ${url} in the region ${region}`, () => {
      assert.equal(load({ MIXPANEL_REGION: region }).mixpanel.baseUrl, url)
    })
  }

  for (const [given, url] of [
    ['http://127.0.0.1:4000/', 'http://127.0.0.1:4000'],
    ['https://proxy.example.com/mixpanel//', 'https://proxy.example.com/mixpanel'],
  ] as const) {
    it(`prefers MIXPANEL_URL to the region and sends to ${url} for ${given}`, () => {
      assert.equal(load({ MIXPANEL_URL: given }).mixpanel.baseUrl, url)
      assert.equal(load({ MIXPANEL_URL: given, MIXPANEL_REGION: '' }).mixpanel.baseUrl, url)
    })
  }

  it('checks claims only with cloud-run-iam, and warns that the service must be private', () => {
    const config = load({ ...ON_CLOUD_RUN, PUSH_AUTH: 'cloud-run-iam', PUSH_AUDIENCE: '' })

    assert.deepEqual(config.push.auth, {
      kind: 'cloud_run_iam',
      audiences: [],
      serviceAccounts: ['pusher@p.iam.gserviceaccount.com'],
    })
    assert.match(config.warnings.join(), /^PUSH_AUTH is cloud-run-iam, .*private/)
    assert.equal(config.onCloudRun, true)
  })

  it('lets everyone in with none, and warns', () => {
    const config = load({ PUSH_AUTH: 'none', PUSH_AUDIENCE: '', PUSH_SERVICE_ACCOUNT: '' })

    assert.deepEqual(config.push.auth, { kind: 'none' })
    assert.match(config.warnings.join(), /^PUSH_AUTH is none: /)
  })

  it('takes a module in JavaScript or TypeScript, and a mapping file', () => {
    for (const TRANSFORM of ['a.js', './maps/a.mjs', '/maps/a.ts', 'a.yaml', 'b.yml', '/c.json']) {
      assert.equal(load({ TRANSFORM }).transformPath, TRANSFORM)
    }
  })

  it('makes insert ids of the message unless told otherwise, wherever rejected events go', () => {
    for (const DEAD_LETTER of [
      'file:letters',
      'pubsub:projects/p/topics/letters',
      'subscription',
    ]) {
      assert.equal(load({ DEAD_LETTER }).insertId, 'message')
      assert.equal(load({ DEAD_LETTER, INSERT_ID: 'content' }).insertId, 'content')
    }
    assert.equal(load({ INSERT_ID: '' }).insertId, 'message')
  })

  for (const [memory, buffered] of [
    [256, 64],
    [400, 100],
    [4096, 128],
  ] as const) {
    it(`buffers ${buffered} MiB by default in ${memory} MiB of memory`, () => {
      const config = load({}, aHost({ memoryLimitBytes: memory * MIB + 1 }))

      assert.equal(config.push.maxBufferedBytes, buffered * MIB)
    })
  }

  it('buffers half of a small heap by default', () => {
    const config = load({}, aHost({ heapLimitBytes: 160 * MIB + 1 }))

    assert.equal(config.push.maxBufferedBytes, 80 * MIB)
    assert.deepEqual(config.warnings, [])
  })

  it('warns when a buffer that is set is more than half of the heap', () => {
    const config = load(
      { PUSH_MAX_BUFFERED_BYTES: '134217728' },
      aHost({ heapLimitBytes: 256 * MIB - 1 }),
    )

    assert.match(
      config.warnings.join(),
      /^PUSH_MAX_BUFFERED_BYTES is more than half of Node's heap/,
    )
  })

  it('takes a buffer that is set in whatever memory there is', () => {
    const config = load(
      { PUSH_MAX_BUFFERED_BYTES: '67108864' },
      aHost({ memoryLimitBytes: 128 * MIB }),
    )

    assert.equal(config.push.maxBufferedBytes, 64 * MIB)
  })

  it('keeps dead letters on a mounted volume on Cloud Run', () => {
    const config = loadConfig(ON_CLOUD_RUN, aHost())

    assert.deepEqual(config.deadLetter, { kind: 'file', folder: '/mnt/letters' })
  })

  it('sends dead letters to a topic, on Cloud Run too', () => {
    const topic = 'projects/example.com:my-project/topics/events.dead%2B'
    const config = loadConfig({ ...ON_CLOUD_RUN, DEAD_LETTER: `pubsub:${topic}` }, aHost())

    assert.deepEqual(config.deadLetter, { kind: 'pubsub', topic })
    assert.equal(config.insertId, 'message')
  })

  for (const emulatorHost of ['127.0.0.1:8085', 'localhost:8085', '[::1]:8085', 'pub-sub:1']) {
    it(`sends them to an emulator at ${emulatorHost}, and warns`, () => {
      const topic = 'projects/p/topics/letters'
      const env = { DEAD_LETTER: `pubsub:${topic}`, PUBSUB_EMULATOR_HOST: emulatorHost }

      const { deadLetter, warnings } = load(env)

      assert.deepEqual(deadLetter, { kind: 'pubsub', topic, emulatorHost })
      assert.match(warnings.join(), /^PUBSUB_EMULATOR_HOST is set: dead letters go to an emulator/)
    })
  }

  it('has no use for an emulator when dead letters go elsewhere', () => {
    assert.deepEqual(load({ PUBSUB_EMULATOR_HOST: 'localhost:8085' }).warnings, [])
  })

  it('reads nothing but the environment it is handed, and leaves that as it was', (t) => {
    const before = process.env.BATCH_LINGER_MS
    process.env.BATCH_LINGER_MS = '77'
    t.after(() => {
      if (before === undefined) delete process.env.BATCH_LINGER_MS
      else process.env.BATCH_LINGER_MS = before
    })
    const env = { ...OFF_CLOUD_RUN, PATH: '/bin', PORT: '80' }

    assert.equal(loadConfig(env, aHost()).batch.lingerMs, 'adaptive')
    assert.deepEqual(env, { ...OFF_CLOUD_RUN, PATH: '/bin', PORT: '80' })
  })
})

const PROBLEMS: readonly (readonly [string, Env, RegExp])[] = [
  ['no credentials', { MIXPANEL_PROJECT_TOKEN: '' }, /^MIXPANEL_PROJECT_TOKEN is required: /],
  [
    'a service account without its secret',
    { ...SERVICE_ACCOUNT, MIXPANEL_SERVICE_ACCOUNT_SECRET: '' },
    /^MIXPANEL_SERVICE_ACCOUNT_SECRET is required with a service account/,
  ],
  [
    'a service account without its user name',
    { ...SERVICE_ACCOUNT, MIXPANEL_SERVICE_ACCOUNT_USERNAME: '' },
    /^MIXPANEL_SERVICE_ACCOUNT_USERNAME is required with a service account/,
  ],
  [
    'a service account without its project',
    { ...SERVICE_ACCOUNT, MIXPANEL_PROJECT_ID: '' },
    /^MIXPANEL_PROJECT_ID is required with a service account/,
  ],
  [
    'a project id beside a token',
    { MIXPANEL_PROJECT_ID: '42' },
    /^MIXPANEL_PROJECT_ID must not be set beside MIXPANEL_PROJECT_TOKEN/,
  ],
  ['no region', { MIXPANEL_REGION: '' }, /^MIXPANEL_REGION is required: set us, eu or in/],
  ['an unknown region', { MIXPANEL_REGION: 'usa' }, /^MIXPANEL_REGION must be one of us, eu, in$/],
  [
    'an unknown region beside a URL',
    { MIXPANEL_REGION: 'mars', MIXPANEL_URL: 'http://127.0.0.1' },
    /^MIXPANEL_REGION must be one of us, eu, in$/,
  ],
  ['a Mixpanel URL without a scheme', { MIXPANEL_URL: 'api.mixpanel.com' }, /^MIXPANEL_URL must/],
  ['a Mixpanel URL of files', { MIXPANEL_URL: 'file:///etc' }, /^MIXPANEL_URL must be an http/],
  ['a Mixpanel URL with a user', { MIXPANEL_URL: 'https://u@x.test' }, /^MIXPANEL_URL must/],
  ['a Mixpanel URL with a password', { MIXPANEL_URL: 'https://:p@x.test' }, /^MIXPANEL_URL must/],
  ['a Mixpanel URL with a query', { MIXPANEL_URL: 'https://x.test/?a=1' }, /^MIXPANEL_URL must/],
  ['a Mixpanel URL with a fragment', { MIXPANEL_URL: 'https://x.test/#a' }, /^MIXPANEL_URL must/],
  ['an unknown log level', { LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be one of trace, debug, /],
  ['an unknown insert id', { INSERT_ID: 'random' }, /^INSERT_ID must be one of message, content$/],
  [
    'one port for pushes and metrics',
    { PORT: '9464' },
    /^METRICS_PORT must differ from PORT: metrics are never served on the public port$/,
  ],
  [
    'an unknown way to authenticate',
    { PUSH_AUTH: 'off' },
    /^PUSH_AUTH must be one of oidc, cloud-run-iam, none$/,
  ],
  [
    'oidc without an audience',
    { PUSH_AUDIENCE: '' },
    /^PUSH_AUDIENCE is required when PUSH_AUTH is oidc: /,
  ],
  [
    'oidc without a service account',
    { PUSH_SERVICE_ACCOUNT: '' },
    /^PUSH_SERVICE_ACCOUNT is required when PUSH_AUTH is oidc: /,
  ],
  [
    'cloud-run-iam without a service account',
    { ...ON_CLOUD_RUN, PUSH_AUTH: 'cloud-run-iam', PUSH_SERVICE_ACCOUNT: '' },
    /^PUSH_SERVICE_ACCOUNT is required when PUSH_AUTH is cloud-run-iam: /,
  ],
  [
    'cloud-run-iam off Cloud Run',
    { PUSH_AUTH: 'cloud-run-iam' },
    /^PUSH_AUTH must not be cloud-run-iam off Cloud Run/,
  ],
  [
    'no authentication on Cloud Run',
    { ...ON_CLOUD_RUN, PUSH_AUTH: 'none' },
    /^PUSH_AUTH must not be none on Cloud Run/,
  ],
  ['an audience of commas', { PUSH_AUDIENCE: ' , ' }, /^PUSH_AUDIENCE holds no entry/],
  ['an issuer of commas', { PUSH_ISSUER: ',' }, /^PUSH_ISSUER holds no entry/],
  ['an empty allow-list', { PUSH_SUBSCRIPTIONS: ',,' }, /^PUSH_SUBSCRIPTIONS holds no entry/],
  [
    'a service account that is no e-mail address',
    { PUSH_SERVICE_ACCOUNT: 'a@b.test, pusher' },
    /^PUSH_SERVICE_ACCOUNT must hold e-mail addresses/,
  ],
  [
    'a short subscription name',
    { PUSH_SUBSCRIPTIONS: 'projects/p/subscriptions/s, events' },
    /^PUSH_SUBSCRIPTIONS must hold full names, projects\/P\/subscriptions\/S/,
  ],
  [
    'a topic for a subscription',
    { PUSH_SUBSCRIPTIONS: 'projects/p/topics/s' },
    /^PUSH_SUBSCRIPTIONS must hold full names/,
  ],
  ['a key URL that is none', { PUSH_JWKS_URL: 'certs' }, /^PUSH_JWKS_URL must be an http or https/],
  [
    'a transform in Python',
    { TRANSFORM: 'a.py' },
    /^TRANSFORM must be the path of a mapping file, \.yaml, \.yml or \.json, or of a module, \.js/,
  ],
  [
    'an unknown dead-letter store',
    { DEAD_LETTER: 's3://x' },
    /^DEAD_LETTER must be file:DIR, pubsub/,
  ],
  ['a dead-letter file without a folder', { DEAD_LETTER: 'file:' }, /^DEAD_LETTER must be file:/],
  ['a short topic name', { DEAD_LETTER: 'pubsub:letters' }, /^DEAD_LETTER must be file:DIR/],
  [
    'a topic name that leads elsewhere',
    { DEAD_LETTER: 'pubsub:projects/../topics/letters' },
    /^DEAD_LETTER must be file:DIR, pubsub:projects\/P\/topics\/T or subscription$/,
  ],
  [
    'an emulator without a port',
    { PUBSUB_EMULATOR_HOST: 'localhost' },
    /^PUBSUB_EMULATOR_HOST must be a host and a port, such as 127\.0\.0\.1:8085$/,
  ],
  [
    'an emulator by a URL',
    { PUBSUB_EMULATOR_HOST: 'http://localhost:8085' },
    /^PUBSUB_EMULATOR_HOST must be a host and a port/,
  ],
  [
    'an emulator at a port there is not',
    { PUBSUB_EMULATOR_HOST: 'localhost:65536' },
    /^PUBSUB_EMULATOR_HOST must be a host and a port/,
  ],
  [
    'an emulator on Cloud Run',
    { ...ON_CLOUD_RUN, PUBSUB_EMULATOR_HOST: 'localhost:8085' },
    /^PUBSUB_EMULATOR_HOST must not be set on Cloud Run/,
  ],
  [
    'no dead-letter store on Cloud Run',
    { ...ON_CLOUD_RUN, DEAD_LETTER: '' },
    /^DEAD_LETTER is required on Cloud Run/,
  ],
  [
    'dead letters in the memory of Cloud Run',
    { ...ON_CLOUD_RUN, DEAD_LETTER: 'file:/tmp/letters' },
    /^DEAD_LETTER=file: must name a folder on a mounted volume on Cloud Run/,
  ],
]

describe('no start', () => {
  for (const [what, changes, problem] of PROBLEMS) {
    it(`with ${what}`, () => {
      const problems = problemsWith({ ...OFF_CLOUD_RUN, ...changes })

      assert.equal(problems.length, 1, problems.join('\n'))
      assert.match(problems.join(), problem)
    })
  }

  for (const name of RESERVED) {
    it(`with ${name}, which is reserved`, () => {
      assert.deepEqual(problemsWith({ ...OFF_CLOUD_RUN, [name]: 'x' }), [
        `${name} is reserved for a later version and has no effect: unset it`,
      ])
    })
  }

  it('when four of the largest pushes do not fit a quarter of the memory', () => {
    const problems = problemsWith(OFF_CLOUD_RUN, aHost({ memoryLimitBytes: 256 * MIB - 4 }))

    assert.match(problems.join(), /^PUSH_MAX_BUFFERED_BYTES .* at least 256 MiB of memory$/)
  })

  it('when four of the largest pushes do not fit half of the heap', () => {
    const problems = problemsWith(OFF_CLOUD_RUN, aHost({ heapLimitBytes: 128 * MIB - 2 }))

    assert.match(problems.join(), /^PUSH_MAX_BUFFERED_BYTES .* --max-old-space-size=128 or more$/)
  })

  it('when the volume of the dead letters is a tmpfs on Cloud Run', () => {
    const host = aHost({ volumeOf: (path) => ({ device: path.length, inMemory: path !== '/' }) })

    assert.match(problemsWith(ON_CLOUD_RUN, host).join(), /^DEAD_LETTER=file: must name/)
  })

  it('when the volume of the dead letters is unknown on Cloud Run', () => {
    const host = aHost({
      volumeOf: (path) => (path === '/' ? { device: 1, inMemory: false } : undefined),
    })

    assert.match(problemsWith(ON_CLOUD_RUN, host).join(), /^DEAD_LETTER=file: must name/)
  })

  it('names every project token and service account variable when both are set', () => {
    const both = { ...OFF_CLOUD_RUN, ...SERVICE_ACCOUNT, MIXPANEL_PROJECT_TOKEN: 'a-token' }

    assert.equal(problemsWith(both).length, 3)
  })

  it('reports all problems at once, one a line', () => {
    const env: Env = { PORT: 'http', MIXPANEL_REGION: 'mars', TRANSFORM: 'a.py' }

    assert.throws(() => loadConfig(env, aHost()), {
      name: 'InvalidConfigurationError',
      message: [
        'invalid configuration:',
        '  PORT must be a whole number from 0 to 65535',
        '  MIXPANEL_REGION must be one of us, eu, in',
        '  MIXPANEL_PROJECT_TOKEN is required: set it, or for a service account set ' +
          'MIXPANEL_SERVICE_ACCOUNT_USERNAME, MIXPANEL_SERVICE_ACCOUNT_SECRET, MIXPANEL_PROJECT_ID',
        '  PUSH_AUDIENCE is required when PUSH_AUTH is oidc: set the value of the push subscription',
        '  PUSH_SERVICE_ACCOUNT is required when PUSH_AUTH is oidc: ' +
          'set the value of the push subscription',
        '  TRANSFORM must be the path of a mapping file, .yaml, .yml or .json, or of a module, .js, .mjs or .ts',
      ].join('\n'),
    })
  })

  it('never quotes a value, whatever is wrong', () => {
    const value = fc
      .tuple(
        fc.constantFrom('', 'file:', 'pubsub:', 'https://u:p@', 'projects/', '1e', ','),
        fc.string(),
        fc.constantFrom('', '.json', '.js', '@x.test'),
      )
      .map(([before, text, after]) => `${before}hush${text}${after}`)
    const env = fc.record(Object.fromEntries(VARIABLE_NAMES.map((name) => [name, value])), {
      requiredKeys: [],
    })

    fc.assert(
      fc.property(env, (secrets) => {
        const problems = problemsWith(secrets)
        assert.ok(problems.length > 0)
        assert.doesNotMatch(problems.join(), /hush/)
      }),
    )
  })
})

describe('a whole number', () => {
  const integers = VARIABLE_NAMES.filter((name) => VARIABLES[name].type === 'integer')

  for (const text of ['1e3', '0x400', '1000.0', '1000.5', '-1', '+1000', '1_000', 'true', 'NaN']) {
    it(`is not written ${text}`, () => {
      assert.deepEqual(problemsWith({ ...OFF_CLOUD_RUN, BATCH_MAX_EVENTS: text }), [
        'BATCH_MAX_EVENTS must be a whole number from 1 to 2000',
      ])
    })
  }

  for (const name of integers) {
    const { minimum = 0, maximum = 0 } = VARIABLES[name]

    it(`in ${name} lies from ${minimum} to ${maximum}`, () => {
      const withValue = (value: number) => problemsWith({ ...OFF_CLOUD_RUN, [name]: `${value}` })
      const problem = [`${name} must be a whole number from ${minimum} to ${maximum}`]

      assert.deepEqual(withValue(minimum), [])
      assert.deepEqual(withValue(maximum), [])
      assert.deepEqual(withValue(maximum + 1), problem)
      assert.deepEqual(withValue(minimum - 1), problem)
    })
  }
})

describe('the schema', () => {
  it('describes every variable in a sentence', () => {
    for (const name of VARIABLE_NAMES) assert.match(VARIABLES[name].description, /^[A-Z].*\.$/)
  })

  it('has no default for a secret', () => {
    for (const name of SECRETS) assert.equal(VARIABLES[name].default, undefined)
  })

  it('lets no linger outlast an ack deadline', () => {
    const { BATCH_LINGER_MS, PUSH_ACK_DEADLINE_SECONDS } = ENVIRONMENT.properties

    assert.ok(BATCH_LINGER_MS.maximum < PUSH_ACK_DEADLINE_SECONDS.minimum * 1000)
  })
})

describe('the folder that may be mounted', () => {
  for (const [what, env, folder] of [
    [
      'is that of dead letters on Cloud Run',
      { K_SERVICE: 's', DEAD_LETTER: 'file:/mnt/a' },
      '/mnt/a',
    ],
    ['is the same between quotes', { K_SERVICE: 's', DEAD_LETTER: '"file:/mnt/a"' }, '/mnt/a'],
    ['is none off Cloud Run', { DEAD_LETTER: 'file:/mnt/a' }, undefined],
    [
      'is none with a topic',
      { K_SERVICE: 's', DEAD_LETTER: 'pubsub:projects/p/topics/t' },
      undefined,
    ],
    ['is none when nothing is said', { K_SERVICE: 's' }, undefined],
  ] as const) {
    it(what, () => {
      assert.equal(findMountedFolder(env), folder)
    })
  }
})
