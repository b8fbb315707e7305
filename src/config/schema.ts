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
      description: 'Port on which pushes are taken; 0 lets the system choose one.',
    },
    HOST: {
      type: 'string',
      default: '0.0.0.0',
      description: 'Address on which pushes are taken.',
    },
    METRICS_PORT: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 9464,
      description: 'Port of the Prometheus metrics; 0 turns them off.',
    },
    LOG_LEVEL: {
      type: 'string',
      enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      default: 'info',
      description: 'The least severe log line that is written.',
    },
    MIXPANEL_PROJECT_TOKEN: {
      type: 'string',
      description: 'Token of the Mixpanel project. Required unless a service account is given.',
    },
    MIXPANEL_SERVICE_ACCOUNT_USERNAME: {
      type: 'string',
      description: 'User name of a Mixpanel service account, instead of the project token.',
    },
    MIXPANEL_SERVICE_ACCOUNT_SECRET: {
      type: 'string',
      description: 'Secret of the Mixpanel service account.',
    },
    MIXPANEL_PROJECT_ID: {
      type: 'string',
      description: 'Id of the Mixpanel project the service account writes to.',
    },
    MIXPANEL_REGION: {
      type: 'string',
      enum: ['us', 'eu', 'in'],
      description: 'Where the project keeps its data. Required unless MIXPANEL_URL is set.',
    },
    MIXPANEL_URL: {
      type: 'string',
      description:
        'Base URL of the ingestion API, for stand-ins and proxies; it wins over the region. By ' +
        'default that of the region.',
    },
    MIXPANEL_TIMEOUT_SECONDS: {
      type: 'integer',
      minimum: 1,
      maximum: 600,
      default: 30,
      description: 'The longest one request to Mixpanel may take.',
    },
    PUSH_AUTH: {
      type: 'string',
      enum: ['oidc', 'cloud-run-iam', 'none'],
      default: 'oidc',
      description:
        'How pushes are authenticated: `oidc` verifies the token, `cloud-run-iam` checks the ' +
        'claims of a token that Cloud Run has verified (on a private Cloud Run service only), ' +
        '`none` lets everyone in (off Cloud Run only).',
    },
    PUSH_AUDIENCE: {
      type: 'string',
      description:
        'Audiences a token may have, comma-separated. Required with `oidc`, checked with ' +
        '`cloud-run-iam` when set.',
    },
    PUSH_SERVICE_ACCOUNT: {
      type: 'string',
      description:
        'E-mail addresses of the service accounts that may push, comma-separated. Required ' +
        'unless PUSH_AUTH is `none`.',
    },
    PUSH_SUBSCRIPTIONS: {
      type: 'string',
      description:
        'Subscriptions that may push, as projects/P/subscriptions/S, comma-separated. ' +
        'By default any.',
    },
    PUSH_ISSUER: {
      type: 'string',
      // Google documents the first and signs with either, as google-auth-library accepts both.
      default: 'https://accounts.google.com,accounts.google.com',
      description: 'Issuers a token may have, comma-separated; another than Google for tests.',
    },
    PUSH_JWKS_URL: {
      type: 'string',
      default: 'https://www.googleapis.com/oauth2/v3/certs',
      description: 'Where the keys of the issuer are.',
    },
    PUSH_ACK_DEADLINE_SECONDS: {
      type: 'integer',
      // The range that Pub/Sub allows (https://cloud.google.com/pubsub/docs/lease-management).
      minimum: 10,
      maximum: 600,
      default: 10,
      description:
        'The ack deadline of the subscription. Set the same there and here: every wait of the ' +
        'service ends before it.',
    },
    PUSH_MAX_BUFFERED_BYTES: {
      type: 'integer',
      // With less than four of the largest pushes, one of them and its decoded text could fill it.
      minimum: 4 * MAX_BODY_BYTES,
      // The memory of the largest Cloud Run instance.
      maximum: 34_359_738_368,
      description:
        'Bytes held at once: bodies, decoded text, queued events; past it pushes are answered ' +
        '503. By default a quarter of the memory limit, at most half of the heap limit and ' +
        '134217728.',
    },
    DECODE_MAX_BYTES: {
      type: 'integer',
      minimum: 1_024,
      // Half of the longest string that V8 can hold.
      maximum: 268_435_456,
      default: 67_108_864,
      description: 'The size of one message decompressed; past it, it is rejected as `too_large`.',
    },
    BATCH_MAX_EVENTS: {
      type: 'integer',
      minimum: 1,
      maximum: MAX_IMPORT_EVENTS,
      default: 2000,
      description: 'Events of one request to Mixpanel.',
    },
    BATCH_MAX_BYTES: {
      type: 'integer',
      // An event that is larger travels in a batch of its own.
      minimum: 1_024,
      maximum: MAX_IMPORT_BYTES,
      default: 9_500_000,
      description: 'Bytes of one request to Mixpanel, before compression.',
    },
    BATCH_LINGER_MS: {
      type: 'integer',
      minimum: 0,
      // Far below the shortest ack deadline, so that no linger can outlast it.
      maximum: 1000,
      default: 10,
      description:
        'The longest an event waits for company; it may wait longer while all requests to ' +
        'Mixpanel are under way. 0 sends at once.',
    },
    DELIVERY_MAX_CONCURRENCY: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 16,
      description: 'Requests to Mixpanel under way at once.',
    },
    DELIVERY_MAX_EVENTS_PER_SECOND: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000_000,
      default: 30_000,
      description:
        'Upper bound of the sending rate of one instance; it finds the right rate below it.',
    },
    INSERT_ID: {
      type: 'string',
      enum: ['message', 'content'],
      default: 'message',
      description:
        'Source of the insert id of an event without a usable one: `message` (message id and ' +
        'line) or `content` (hash of the event as it is sent; message id and line for an event ' +
        'without a time of its own).',
    },
    TRANSFORM: {
      type: 'string',
      description: 'Path of a module (.js, .mjs, .ts) that maps each event. By default none.',
    },
    DEAD_LETTER: {
      type: 'string',
      description:
        'Where rejected events go: `file:DIR`, `pubsub:projects/P/topics/T`, or `subscription` ' +
        'for the dead-letter policy of the subscription. By default `file:./dead-letters`; ' +
        'required on Cloud Run, where DIR must lie on a mounted volume.',
    },
    DEAD_LETTER_ORIGINAL: { type: 'string', description: 'Reserved for a later version.' },
    SCHEMAS: { type: 'string', description: 'Reserved for a later version.' },
    MIXPANEL_PROJECTS: { type: 'string', description: 'Reserved for a later version.' },
    PUBSUB_EMULATOR_HOST: {
      type: 'string',
      description:
        'Host and port of a Pub/Sub emulator, which the dead letters of `pubsub:` then go to, in ' +
        'the clear and without credentials. By default none; not on Cloud Run.',
    },
    K_SERVICE: {
      type: 'string',
      description: 'Set by Cloud Run, and how the service knows that it runs there.',
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

/** Names that have no effect yet. An owner who sets one expects an effect that does not come. */
export const RESERVED: readonly VariableName[] = [
  'DEAD_LETTER_ORIGINAL',
  'SCHEMAS',
  'MIXPANEL_PROJECTS',
]

/** The schema of one variable. */
export interface Variable {
  readonly type: 'integer' | 'string'
  readonly description: string
  readonly default?: number | string
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly string[]
}

/** The variables by name, in the order of the README. */
export const VARIABLES: Readonly<Record<VariableName, Variable>> = ENVIRONMENT.properties

/** The names of all variables, in the same order. */
export const VARIABLE_NAMES: readonly VariableName[] = Object.keys(VARIABLES).filter(isVariableName)

export function isVariableName(name: string): name is VariableName {
  return Object.hasOwn(VARIABLES, name)
}
