import { MAX_BODY_BYTES } from '../model/limits.ts'
import { parseDeadLetter } from './dead-letter-form.ts'
import { findMistakes } from './mistakes.ts'
import { RESERVED, VARIABLE_NAMES, VARIABLES, type VariableName } from './schema.ts'
import {
  describeShape,
  type Given,
  isHostAndPort,
  isHttpUrl,
  isSubscriptionName,
  LISTS,
  parseList,
} from './values.ts'

/** The facts about the machine that rules depend on. */
export interface Host {
  /** The bytes that this process may use: the container's limit, or the machine's memory. */
  readonly memoryLimitBytes: number
  /** The bytes that V8's heap may grow to, from `--max-old-space-size` if that is set. */
  readonly heapLimitBytes: number
  /**
   * Returns the volume of a path, or of its nearest parent that exists; `undefined` when it is
   * unreadable.
   */
  volumeOf(path: string): Volume | undefined
}

/** A file system, as it is mounted. */
export interface Volume {
  readonly device: number
  /** Whether it is kept in memory, as a tmpfs is, and so is lost with the machine. */
  readonly inMemory: boolean
}

/** Returns problems, and says how to solve them. It names variables and never quotes a value. */
type Rule = (given: Given, host: Host) => readonly string[]

const SERVICE_ACCOUNT: readonly VariableName[] = [
  'MIXPANEL_SERVICE_ACCOUNT_USERNAME',
  'MIXPANEL_SERVICE_ACCOUNT_SECRET',
  'MIXPANEL_PROJECT_ID',
]

/** The bytes that a service with much memory holds at once. */
export const MOST_BUFFERED_BY_DEFAULT = 134_217_728

const RULES: readonly Rule[] = [
  wholeNumbers,
  lists,
  ports,
  credentials,
  findMistakes,
  region,
  mixpanelUrl,
  pushAuth,
  cloudRunAuth,
  serviceAccounts,
  subscriptions,
  jwksUrl,
  bufferedBytes,
  transform,
  deadLetter,
  emulatorHost,
  reserved,
]

/** Returns all problems that the schema of a single variable cannot find, at once. */
export function findProblems(given: Given, host: Host): string[] {
  return RULES.flatMap((rule) => rule(given, host))
}

/** Returns a quarter of the memory limit, at most half of the heap limit and 128 MiB. */
export function defaultBufferedBytes({ memoryLimitBytes, heapLimitBytes }: Host): number {
  const mostBytes = Math.min(memoryLimitBytes / 4, heapLimitBytes / 2)
  return Math.min(MOST_BUFFERED_BY_DEFAULT, Math.floor(mostBytes))
}

/** Tests whole numbers. The schema alone would accept `1e3`, `0x10` and `5.0`. */
function wholeNumbers(given: Given): string[] {
  return VARIABLE_NAMES.filter(
    (name) => VARIABLES[name].type === 'integer' && !/^\d+$/.test(given[name] ?? '0'),
  ).map(describeShape)
}

/** Tests allow-lists. A list that is set and empty must not come to mean "any". */
function lists(given: Given): string[] {
  return LISTS.filter(
    (name) => given[name] !== undefined && parseList(given[name]).length === 0,
  ).map((name) => `${name} holds no entry: name at least one, or unset it`)
}

function ports(given: Given): string[] {
  if (Number(given.PORT) !== Number(given.METRICS_PORT) || Number(given.PORT) === 0) return []
  return ['METRICS_PORT must differ from PORT: metrics are never served on the public port']
}

function credentials(given: Given): string[] {
  const set = SERVICE_ACCOUNT.filter((name) => given[name] !== undefined)
  const missing = SERVICE_ACCOUNT.filter((name) => given[name] === undefined)
  if (given.MIXPANEL_PROJECT_TOKEN !== undefined) {
    return set.map(
      (name) =>
        `${name} must not be set beside MIXPANEL_PROJECT_TOKEN: ` +
        'keep the project token or the service account',
    )
  }
  if (set.length === 0) {
    return [
      'MIXPANEL_PROJECT_TOKEN is required: set it, or for a service account set ' +
        SERVICE_ACCOUNT.join(', '),
    ]
  }
  return missing.map((name) => `${name} is required with a service account: set all three`)
}

function region({ MIXPANEL_REGION, MIXPANEL_URL }: Given): string[] {
  if (MIXPANEL_REGION !== undefined || MIXPANEL_URL !== undefined) return []
  return [
    'MIXPANEL_REGION is required: set us, eu or in, where the project keeps its data, ' +
      'or set MIXPANEL_URL',
  ]
}

function mixpanelUrl({ MIXPANEL_URL }: Given): string[] {
  if (MIXPANEL_URL === undefined) return []
  if (!isHttpUrl(MIXPANEL_URL) || /[?#]/.test(MIXPANEL_URL)) {
    return ['MIXPANEL_URL must be an http or https URL without credentials, query or fragment']
  }
  if (!/\/import\/*$/i.test(new URL(MIXPANEL_URL).pathname)) return []
  return ['MIXPANEL_URL must not end in /import, which the service adds: set the base URL']
}

function pushAuth(given: Given): string[] {
  const needed: VariableName[] = []
  if (given.PUSH_AUTH === 'oidc') needed.push('PUSH_AUDIENCE', 'PUSH_SERVICE_ACCOUNT')
  if (given.PUSH_AUTH === 'cloud-run-iam') needed.push('PUSH_SERVICE_ACCOUNT')
  return needed
    .filter((name) => given[name] === undefined)
    .map(
      (name) =>
        `${name} is required when PUSH_AUTH is ${given.PUSH_AUTH}: ` +
        'set the value of the push subscription',
    )
}

function cloudRunAuth({ PUSH_AUTH, K_SERVICE }: Given): string[] {
  if (PUSH_AUTH === 'none' && K_SERVICE !== undefined) {
    return [
      'PUSH_AUTH must not be none on Cloud Run (K_SERVICE is set): use oidc, ' +
        'or cloud-run-iam on a private service',
    ]
  }
  if (PUSH_AUTH === 'cloud-run-iam' && K_SERVICE === undefined) {
    return [
      'PUSH_AUTH must not be cloud-run-iam off Cloud Run (K_SERVICE is not set), ' +
        'because no IAM verifies the token there: use oidc',
    ]
  }
  return []
}

function serviceAccounts({ PUSH_SERVICE_ACCOUNT }: Given): string[] {
  const entries = parseList(PUSH_SERVICE_ACCOUNT)
  if (entries.some((entry) => /^(serviceAccount|user|group|principal\w*):/i.test(entry))) {
    return ['PUSH_SERVICE_ACCOUNT must hold e-mail addresses without serviceAccount: before them']
  }
  if (entries.every((entry) => /^[^@\s:/<>[\]"]+@[^@\s:/<>[\]"]+$/.test(entry))) return []
  return ['PUSH_SERVICE_ACCOUNT must hold e-mail addresses, comma-separated']
}

function subscriptions({ PUSH_SUBSCRIPTIONS }: Given): string[] {
  if (parseList(PUSH_SUBSCRIPTIONS).every(isSubscriptionName)) return []
  return ['PUSH_SUBSCRIPTIONS must hold full names, projects/P/subscriptions/S, comma-separated']
}

function jwksUrl({ PUSH_JWKS_URL }: Given): string[] {
  if (PUSH_JWKS_URL === undefined || isHttpUrl(PUSH_JWKS_URL)) return []
  return ['PUSH_JWKS_URL must be an http or https URL without credentials']
}

/** Tests the default only: the schema holds a value that was set to the same minimum. */
function bufferedBytes({ PUSH_MAX_BUFFERED_BYTES }: Given, host: Host): string[] {
  const leastBytes = 4 * MAX_BODY_BYTES
  if (PUSH_MAX_BUFFERED_BYTES !== undefined || defaultBufferedBytes(host) >= leastBytes) return []
  if (host.memoryLimitBytes >= 4 * leastBytes) {
    return [
      "PUSH_MAX_BUFFERED_BYTES is half of Node's heap limit by default, and that is less than " +
        `the ${leastBytes} bytes the service needs: start Node with --max-old-space-size=128 or more`,
    ]
  }
  return [
    'PUSH_MAX_BUFFERED_BYTES is a quarter of the memory limit by default, and that is less ' +
      `than the ${leastBytes} bytes the service needs: give it at least 256 MiB of memory`,
  ]
}

function transform({ TRANSFORM }: Given): string[] {
  if (TRANSFORM === undefined || /\.(?:ya?ml|json|m?js|ts)$/.test(TRANSFORM)) return []
  return [
    'TRANSFORM must be the path of a mapping file, .yaml, .yml or .json, or of a module, .js, .mjs or .ts',
  ]
}

function deadLetter({ DEAD_LETTER, K_SERVICE }: Given, host: Host): string[] {
  if (DEAD_LETTER === undefined) return K_SERVICE === undefined ? [] : [DEAD_LETTER_REQUIRED]
  const form = parseDeadLetter(DEAD_LETTER)
  switch (form.kind) {
    case 'file':
      return K_SERVICE === undefined || isMounted(form.folder, host) ? [] : [FOLDER_IN_MEMORY]
    case 'pubsub':
    case 'subscription':
      return []
    case 'unknown':
      return ['DEAD_LETTER must be file:DIR, pubsub:projects/P/topics/T or subscription']
  }
}

const DEAD_LETTER_REQUIRED =
  'DEAD_LETTER is required on Cloud Run, where the disk of an instance is memory: use ' +
  'pubsub:projects/P/topics/T, file:DIR with DIR on a mounted volume, or subscription'

const FOLDER_IN_MEMORY =
  'DEAD_LETTER=file: must name a folder on a mounted volume on Cloud Run, and not on an in-memory ' +
  'one: the disk of an instance is memory, too. Mount a bucket or NFS there, ' +
  'or use pubsub:projects/P/topics/T or subscription'

/**
 * Tests for a mounted volume. A folder whose volume is unknown counts as memory, which is the safe
 * side.
 */
function isMounted(folder: string, host: Host): boolean {
  const volume = host.volumeOf(folder)
  if (volume === undefined || volume.inMemory) return false
  return volume.device !== host.volumeOf('/')?.device
}

/**
 * Tests for an emulator. It keeps nothing, so a variable left over from a test would ack letters
 * that are lost.
 */
function emulatorHost({ PUBSUB_EMULATOR_HOST, K_SERVICE }: Given): string[] {
  if (PUBSUB_EMULATOR_HOST === undefined) return []
  if (!isHostAndPort(PUBSUB_EMULATOR_HOST)) {
    return ['PUBSUB_EMULATOR_HOST must be a host and a port, such as 127.0.0.1:8085']
  }
  if (K_SERVICE === undefined) return []
  return [
    'PUBSUB_EMULATOR_HOST must not be set on Cloud Run, because an emulator keeps nothing: unset it',
  ]
}

function reserved(given: Given): string[] {
  return RESERVED.filter((name) => given[name] !== undefined).map(
    (name) => `${name} is reserved for a later version and has no effect: unset it`,
  )
}
