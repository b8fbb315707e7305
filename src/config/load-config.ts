import type { PushAuth } from '../model/authentication.ts'
import type { MixpanelCredentials } from '../model/credentials.ts'
import { DEFAULT_DEAD_LETTER, parseDeadLetter } from './dead-letter-form.ts'
import { findQuoted, quotesAround, unquoted } from './mistakes.ts'
import { defaultBufferedBytes, findProblems, type Host } from './rules.ts'
import type { Environment } from './schema.ts'
import { unknownVariables } from './unknown.ts'
import { defaults, describeShape, lowerCased, parse, parseList, readVariables } from './values.ts'
import { findWarnings } from './warnings.ts'

/** The place where rejected events go: files, a topic, or back to the subscription's own policy. */
type DeadLetterTarget = Readonly<
  | { kind: 'file'; folder: string }
  /** A topic. With `emulatorHost`, a host and a port, it is an emulator's. */
  | { kind: 'pubsub'; topic: string; emulatorHost?: string }
  | { kind: 'subscription' }
>

/** The values that the environment decides, complete and free of contradictions. */
export interface Config {
  readonly server: {
    readonly host: string
    /** The port; 0 lets the system choose one. */
    readonly port: number
    /** The port of the metrics; 0 turns them off. */
    readonly metricsPort: number
    readonly logLevel: Environment['LOG_LEVEL']
  }
  readonly mixpanel: {
    /** The base URL, without a slash at its end. */
    readonly baseUrl: string
    /** Absent when `MIXPANEL_URL` decides where events go. */
    readonly region?: Region
    readonly credentials: MixpanelCredentials
    readonly timeoutMs: number
  }
  readonly push: {
    readonly auth: PushAuth
    /** The full names of the subscriptions that may push; an empty list allows any. */
    readonly subscriptions: readonly string[]
    readonly ackDeadlineMs: number
    readonly maxBufferedBytes: number
  }
  readonly decode: { readonly maxBytes: number }
  readonly batch: {
    readonly maxEvents: number
    readonly maxBytes: number
    readonly lingerMs: number | 'adaptive'
  }
  readonly delivery: { readonly maxConcurrency: number; readonly maxEventsPerSecond: number }
  readonly insertId: 'message' | 'content'
  readonly transformPath?: string
  readonly deadLetter: DeadLetterTarget
  readonly deadLetterOriginal: Environment['DEAD_LETTER_ORIGINAL']
  readonly onCloudRun: boolean
  readonly cloud: {
    /** The service and the revision on Cloud Run. */
    readonly serviceContext?: { readonly service: string; readonly version: string }
    /** The id of the project that the owner gave. */
    readonly projectId: string | undefined
    /** The host of the metadata server; absent where there is none. */
    readonly metadataHost: string | undefined
  }
  /** Settings that are allowed and yet deserve a line in the log at the start. */
  readonly warnings: readonly string[]
}

/**
 * The configuration is incomplete or contradictory. The message names every problem and quotes no
 * value.
 */
export class InvalidConfigurationError extends Error {
  override readonly name = 'InvalidConfigurationError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(['invalid configuration:', ...problems].join('\n  '))
    this.problems = problems
  }
}

/** The hosts by region (https://developer.mixpanel.com/reference/import-events). */
export const REGION_URLS = {
  us: 'https://api.mixpanel.com',
  eu: 'https://api-eu.mixpanel.com',
  in: 'https://api-in.mixpanel.com',
} as const

type Region = keyof typeof REGION_URLS

/**
 * Reads the environment, as no other file does. White space around a value is not part of it, and
 * an empty value counts as unset. Throws `InvalidConfigurationError` with all problems at once.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, host: Host): Config {
  const written = readVariables(env)
  const set = lowerCased(unquoted(written))
  const unknown = unknownVariables(env, set)
  const parsed = parse(set)
  const broken = parsed.kind === 'broken' ? parsed.names.map(describeShape) : []
  const problems = new Set([
    ...unknown.problems,
    ...findQuoted(written).map(quotesAround),
    ...broken,
    ...findProblems({ ...defaults(), ...set }, host),
  ])
  if (parsed.kind === 'broken' || problems.size > 0)
    throw new InvalidConfigurationError([...problems])
  const warnings = [...findWarnings(parsed.environment, host), ...unknown.warnings]
  return { ...buildConfig(parsed.environment, host), warnings }
}

/**
 * Returns the folder whose volume the rules check. On Cloud Run it may be mounted, and give no
 * answer.
 */
export function findMountedFolder(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { K_SERVICE, DEAD_LETTER = '' } = unquoted(readVariables(env))
  const form = parseDeadLetter(DEAD_LETTER)
  return K_SERVICE !== undefined && form.kind === 'file' ? form.folder : undefined
}

/** Returns the path of the transform before the rest of the configuration is known to be sound. */
export function findTransformPath(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return unquoted(readVariables(env)).TRANSFORM
}

function buildConfig(env: Environment, host: Host): Omit<Config, 'warnings'> {
  const deadLetter = deadLetterOf(env)
  return {
    server: {
      host: env.HOST,
      port: env.PORT,
      metricsPort: env.METRICS_PORT,
      logLevel: env.LOG_LEVEL,
    },
    mixpanel: {
      ...destinationOf(env),
      credentials: credentialsOf(env),
      timeoutMs: env.MIXPANEL_TIMEOUT_SECONDS * 1000,
    },
    push: {
      auth: pushAuthOf(env),
      subscriptions: parseList(env.PUSH_SUBSCRIPTIONS),
      ackDeadlineMs: env.PUSH_ACK_DEADLINE_SECONDS * 1000,
      maxBufferedBytes: env.PUSH_MAX_BUFFERED_BYTES ?? defaultBufferedBytes(host),
    },
    decode: { maxBytes: env.DECODE_MAX_BYTES },
    batch: {
      maxEvents: env.BATCH_MAX_EVENTS,
      maxBytes: env.BATCH_MAX_BYTES,
      lingerMs: env.BATCH_LINGER_MS ?? 'adaptive',
    },
    delivery: {
      maxConcurrency: env.DELIVERY_MAX_CONCURRENCY,
      maxEventsPerSecond: env.DELIVERY_MAX_EVENTS_PER_SECOND,
    },
    insertId: env.INSERT_ID,
    ...(env.TRANSFORM !== undefined && { transformPath: env.TRANSFORM }),
    deadLetter,
    deadLetterOriginal: env.DEAD_LETTER_ORIGINAL,
    onCloudRun: env.K_SERVICE !== undefined,
    cloud: cloudOf(env),
  }
}

/** The metadata server on Cloud Run. Elsewhere no request may leave because of a default. */
const METADATA_HOST = 'metadata.google.internal'

function cloudOf(env: Environment): Config['cloud'] {
  const { K_SERVICE: service, K_REVISION: version = '' } = env
  const places = {
    projectId: env.GOOGLE_CLOUD_PROJECT,
    metadataHost: env.GCE_METADATA_HOST ?? (service && METADATA_HOST),
  }
  return service === undefined ? places : { serviceContext: { service, version }, ...places }
}

function destinationOf(env: Environment): Pick<Config['mixpanel'], 'baseUrl' | 'region'> {
  if (env.MIXPANEL_URL === undefined) {
    const region = required(env.MIXPANEL_REGION)
    return { baseUrl: REGION_URLS[region], region }
  }
  const { origin, pathname } = new URL(env.MIXPANEL_URL)
  return { baseUrl: `${origin}${pathname}`.replace(/\/+$/, '') }
}

function credentialsOf(env: Environment): MixpanelCredentials {
  if (env.MIXPANEL_PROJECT_TOKEN !== undefined) {
    return { kind: 'project_token', token: env.MIXPANEL_PROJECT_TOKEN }
  }
  return {
    kind: 'service_account',
    username: required(env.MIXPANEL_SERVICE_ACCOUNT_USERNAME),
    secret: required(env.MIXPANEL_SERVICE_ACCOUNT_SECRET),
    projectId: required(env.MIXPANEL_PROJECT_ID),
  }
}

function pushAuthOf(env: Environment): PushAuth {
  const audiences = parseList(env.PUSH_AUDIENCE)
  const serviceAccounts = parseList(env.PUSH_SERVICE_ACCOUNT)
  switch (env.PUSH_AUTH) {
    case 'oidc':
      return {
        kind: 'oidc',
        audiences,
        serviceAccounts,
        issuers: parseList(env.PUSH_ISSUER),
        jwksUrl: env.PUSH_JWKS_URL,
      }
    case 'cloud-run-iam':
      return { kind: 'cloud_run_iam', audiences, serviceAccounts }
    case 'none':
      return { kind: 'none' }
  }
}

function deadLetterOf(env: Environment): DeadLetterTarget {
  const form = parseDeadLetter(env.DEAD_LETTER ?? DEFAULT_DEAD_LETTER)
  const { PUBSUB_EMULATOR_HOST: emulatorHost } = env
  if (form.kind === 'file' || form.kind === 'subscription') return form
  if (form.kind === 'pubsub')
    return { ...form, ...(emulatorHost !== undefined && { emulatorHost }) }
  throw new Error('a rule has let through a DEAD_LETTER that has no store')
}

/** Returns a value that a rule has required. */
function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a rule has let through an incomplete configuration')
  return value
}
