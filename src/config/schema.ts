import type { FromSchema, JSONSchema } from 'json-schema-to-ts'
import { MAX_BODY_BYTES, MAX_IMPORT_BYTES, MAX_IMPORT_EVENTS } from '../model/limits.ts'

/**
 * Every variable that the service reads. A variable without a `default` is either required by a
 * rule or has a default that depends on others: its description says which.
 */
export const ENVIRONMENT = {
  type: 'object',
  additionalProperties: false,
  properties: {
    PORT: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 8080,
      description: 'The port that takes pushes. 0 lets the system choose a free one.',
    },
    HOST: {
      type: 'string',
      default: '0.0.0.0',
      description: 'The address that takes pushes and serves the metrics.',
    },
    METRICS_PORT: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 9464,
      description: 'The port of the Prometheus metrics, never that of `PORT`. 0 turns them off.',
    },
    LOG_LEVEL: {
      type: 'string',
      enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      default: 'info',
      description: 'The least severe log lines that the service writes.',
    },
    MIXPANEL_PROJECT_TOKEN: {
      type: 'string',
      description: 'The token of the Mixpanel project. Required unless a service account is set.',
    },
    MIXPANEL_SERVICE_ACCOUNT_USERNAME: {
      type: 'string',
      description:
        'The user name of a Mixpanel service account, in place of the project token. It needs ' +
        '`MIXPANEL_SERVICE_ACCOUNT_SECRET` and `MIXPANEL_PROJECT_ID`, too.',
    },
    MIXPANEL_SERVICE_ACCOUNT_SECRET: {
      type: 'string',
      description: 'The secret of the Mixpanel service account.',
    },
    MIXPANEL_PROJECT_ID: {
      type: 'string',
      description: 'The id of the Mixpanel project that the service account writes to.',
    },
    MIXPANEL_REGION: {
      type: 'string',
      enum: ['us', 'eu', 'in'],
      description:
        'The region where the project keeps its data. Required unless `MIXPANEL_URL` is set.',
    },
    MIXPANEL_URL: {
      type: 'string',
      description:
        'The base URL of the ingestion API, for stand-ins and proxies. It wins over the region. By ' +
        'default the URL of the region.',
    },
    MIXPANEL_TIMEOUT_SECONDS: {
      type: 'integer',
      minimum: 1,
      maximum: 600,
      default: 30,
      description: 'The longest time that one request to Mixpanel may take.',
    },
    PUSH_AUTH: {
      type: 'string',
      enum: ['oidc', 'cloud-run-iam', 'none'],
      default: 'oidc',
      description:
        'How the service authenticates pushes. `oidc` verifies the token. `cloud-run-iam` checks ' +
        'the claims of a token that Cloud Run has verified (on a private Cloud Run service only). ' +
        '`none` lets every push in (off Cloud Run only).',
    },
    PUSH_AUDIENCE: {
      type: 'string',
      description:
        'The audiences that a token may have, comma-separated. Required with `oidc`. With ' +
        '`cloud-run-iam` the service checks them when they are set.',
    },
    PUSH_SERVICE_ACCOUNT: {
      type: 'string',
      description:
        'The e-mail addresses of the service accounts that may push, comma-separated. Required ' +
        'unless `PUSH_AUTH` is `none`.',
    },
    PUSH_SUBSCRIPTIONS: {
      type: 'string',
      description:
        'The subscriptions that may push, as `projects/P/subscriptions/S`, comma-separated. ' +
        'By default any.',
    },
    PUSH_ISSUER: {
      type: 'string',
      // Google documents the first and signs with either, as google-auth-library accepts both.
      default: 'https://accounts.google.com,accounts.google.com',
      description:
        'The issuers that a token may have, comma-separated. Tests set another issuer than Google.',
    },
    PUSH_JWKS_URL: {
      type: 'string',
      default: 'https://www.googleapis.com/oauth2/v3/certs',
      description: 'The URL of the issuer’s public keys.',
    },
    PUSH_ACK_DEADLINE_SECONDS: {
      type: 'integer',
      // The range that Pub/Sub allows (https://cloud.google.com/pubsub/docs/lease-management).
      minimum: 10,
      maximum: 600,
      default: 10,
      description:
        'The ack deadline of the subscription. Set the same value there and here: the service ends ' +
        'every wait before it.',
    },
    PUSH_MAX_BUFFERED_BYTES: {
      type: 'integer',
      // With less than four of the largest pushes, one of them and its decoded text could fill it.
      minimum: 4 * MAX_BODY_BYTES,
      // The memory of the largest Cloud Run instance.
      maximum: 34_359_738_368,
      description:
        'The bytes that the service holds at once: bodies, decoded text and queued events. It ' +
        'answers further pushes 503. By default a quarter of the memory limit, at most half of the ' +
        'heap limit and 134217728 (128 MiB).',
    },
    DECODE_MAX_BYTES: {
      type: 'integer',
      minimum: 1_024,
      // Half of the longest string that V8 can hold.
      maximum: 268_435_456,
      default: 67_108_864,
      description:
        'The most bytes that one message may have when it is decompressed (64 MiB by default). A ' +
        'larger one is rejected as `too_large`.',
    },
    BATCH_MAX_EVENTS: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_IMPORT_EVENTS,
      default: 2000,
      description: 'The most events in one request to Mixpanel.',
    },
    BATCH_MAX_BYTES: {
      type: 'integer',
      // An event that is larger travels in a batch of its own.
      minimum: 1_024,
      maximum: MAX_IMPORT_BYTES,
      default: 9_500_000,
      description:
        'The most bytes in one request to Mixpanel, before compression. A larger event travels alone.',
    },
    BATCH_LINGER_MS: {
      type: 'integer',
      minimum: 0,
      // Far below the shortest ack deadline, so that no linger can outlast it.
      maximum: 1000,
      description:
        'The time from one batch to the next, in milliseconds: the longest that an event waits for ' +
        'other events. It may wait longer while all requests to Mixpanel are under way. 0 sends ' +
        'each event at once. Unset, it follows the rate of the events: the time in which 64 come, ' +
        'from 10 to 100, and 10 below 50 events/s.',
    },
    DELIVERY_MAX_CONCURRENCY: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 16,
      description: 'The most requests to Mixpanel that are under way at once.',
    },
    DELIVERY_MAX_EVENTS_PER_SECOND: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 30_000,
      description:
        'The most events a second that one instance sends. The instance finds the right rate below ' +
        'it.',
    },
    INSERT_ID: {
      type: 'string',
      enum: ['message', 'content'],
      default: 'message',
      description:
        'The source of the insert id of an event that has no usable one. `message`: the message id ' +
        'and the line. `content`: a hash of the event as it is sent, or the message id and the line ' +
        'for an event without a time of its own.',
    },
    TRANSFORM: {
      type: 'string',
      description:
        'The path of a mapping file (.yaml, .yml, .json) or a module (.js, .mjs, .ts) that maps ' +
        'each event. By default none.',
    },
    DEAD_LETTER: {
      type: 'string',
      description:
        'Where the service stores rejected events: `file:DIR`, `pubsub:projects/P/topics/T`, or ' +
        '`subscription` for the dead-letter policy of the subscription. By default ' +
        '`file:./dead-letters`. Required on Cloud Run, where DIR must lie on a mounted volume.',
    },
    DEAD_LETTER_ORIGINAL: {
      type: 'string',
      enum: ['auto', 'keep', 'never'],
      default: 'auto',
      description:
        'The content of dead letters when the mapping has a `privacy` section. `auto`: the event as it ' +
        'came out of the mapping, or the line as published with every path that begins with `**` ' +
        'applied. `keep`: the line as published. `never`: like `auto`, but of text that cannot be ' +
        'parsed only the size and the SHA-256. See [privacy.md](privacy.md).',
    },
    SCHEMAS: {
      type: 'string',
      description: 'Reserved for a later version. The service does not start when it is set.',
    },
    MIXPANEL_PROJECTS: {
      type: 'string',
      description: 'Reserved for a later version. The service does not start when it is set.',
    },
    PUBSUB_EMULATOR_HOST: {
      type: 'string',
      description:
        'The host and port of a Pub/Sub emulator. The dead letters of `pubsub:` then go there, in ' +
        'the clear and without credentials. By default none. Not allowed on Cloud Run.',
    },
    K_SERVICE: {
      type: 'string',
      description: 'Cloud Run sets it. The service takes it as the sign that it runs there.',
    },
    K_REVISION: {
      type: 'string',
      description: 'Cloud Run sets it. The log lines of errors name it.',
    },
    GOOGLE_CLOUD_PROJECT: {
      type: 'string',
      description:
        'The id of the Google Cloud project, for the traces that log lines name. By default the ' +
        'metadata server’s answer on Cloud Run, and none elsewhere.',
    },
    GCE_METADATA_HOST: {
      type: 'string',
      description:
        'The host of the metadata server, as Google’s libraries read it. By default ' +
        '`metadata.google.internal` on Cloud Run, and none elsewhere.',
    },
  },
} as const satisfies JSONSchema

/** The variables after their shapes, ranges and defaults are settled. */
export type Environment = FromSchema<typeof ENVIRONMENT>

export type VariableName = keyof typeof ENVIRONMENT.properties

/** The variables whose values belong in a secret store. */
export const SECRETS: readonly VariableName[] = [
  'MIXPANEL_PROJECT_TOKEN',
  'MIXPANEL_SERVICE_ACCOUNT_SECRET',
]

/** The variables that hold the credentials of Mixpanel. */
export const CREDENTIALS: readonly VariableName[] = [
  'MIXPANEL_PROJECT_TOKEN',
  'MIXPANEL_SERVICE_ACCOUNT_USERNAME',
  'MIXPANEL_SERVICE_ACCOUNT_SECRET',
  'MIXPANEL_PROJECT_ID',
]

/** Names that have no effect yet. An owner who sets one expects an effect that does not come. */
export const RESERVED: readonly VariableName[] = ['SCHEMAS', 'MIXPANEL_PROJECTS']

/** The schema of one variable. */
export interface Variable {
  readonly type: 'integer' | 'string'
  readonly description: string
  readonly default?: number | string
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
}

/** The variables by name, in the order of docs/configuration.md. */
export const VARIABLES: Readonly<Record<VariableName, Variable>> = ENVIRONMENT.properties

/** The names of all variables, in the same order. */
export const VARIABLE_NAMES: readonly VariableName[] = Object.keys(VARIABLES).filter(isVariableName)

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(VARIABLES, name)
}
