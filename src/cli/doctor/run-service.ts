import type { Host } from '../../config/rules.ts'
import { findOldSpace } from '../old-space.ts'
import type { GoogleApi } from './google-api.ts'
import { listAt, textAt, textsAt, valueAt } from './json-at.ts'
import type { Origin, Variables } from './settings.ts'
import { secondsOf } from './subscription-rules.ts'

/** The name of a service on Cloud Run. */
export interface ServiceName {
  readonly project: string
  readonly region: string
  readonly name: string
}

/** A service on Cloud Run, as far as the checks read it. */
export interface Service extends ServiceName {
  readonly urls: readonly string[]
  /** The custom audiences. */
  readonly audiences: readonly string[]
  /** The service account that it runs as; absent when Cloud Run does not name it. */
  readonly account: string | undefined
  readonly timeoutSeconds: number
  readonly concurrency: number
  readonly memoryBytes: number
  /** Whether Cloud Run lets in everyone without a look at IAM. */
  readonly isInvokerCheckOff: boolean
  readonly mounts: readonly Mount[]
  readonly variables: Variables
  /** The variables whose values come from a secret. */
  readonly secrets: readonly string[]
}

/** A volume of the service. */
export interface Mount {
  readonly path: string
  readonly kind: 'bucket' | 'nfs' | 'memory' | 'other'
  readonly isReadOnly: boolean
  /** The options of gcsfuse. */
  readonly options: readonly string[]
}

export type FoundService = Readonly<
  | { kind: 'service'; service: Service }
  | { kind: 'missing'; text: string }
  | { kind: 'unread'; text: string }
>

const MIB = 1_048_576
const DEFAULT_MEMORY = '512Mi'
const DEFAULT_CONCURRENCY = 80
const DEFAULT_TIMEOUT_SECONDS = 300

/** Returns the path of a service in the Cloud Run Admin API, v2. */
export function servicePath({ project, region, name }: ServiceName): string {
  const [p, r, n] = [project, region, name].map(encodeURIComponent)
  return `/v2/projects/${p}/locations/${r}/services/${n}`
}

/** Reads a service from Cloud Run. */
export async function readService(
  google: Pick<GoogleApi, 'call'>,
  named: ServiceName,
  signal: AbortSignal,
): Promise<FoundService> {
  const path = servicePath(named)
  const answer = await google.call({ api: 'run', path, permission: 'run.services.get' }, signal)
  if (answer.kind === 'found') return { kind: 'service', service: serviceIn(answer.value, named) }
  const { name, region, project } = named
  if (answer.kind !== 'missing') return { kind: 'unread', text: answer.text }
  return { kind: 'missing', text: `there is no service ${name} in ${region} of ${project}` }
}

function serviceIn(json: unknown, named: ServiceName): Service {
  const container = ingressContainer(json)
  const env = listAt(container, 'env')
  const uri = textAt(json, 'uri')
  return {
    ...named,
    urls: [...new Set([...(uri === undefined ? [] : [uri]), ...textsAt(json, 'urls')])],
    audiences: textsAt(json, 'customAudiences'),
    account: textAt(json, 'template', 'serviceAccount'),
    timeoutSeconds: secondsOf(textAt(json, 'template', 'timeout')) ?? DEFAULT_TIMEOUT_SECONDS,
    concurrency: Number(
      valueAt(json, 'template', 'maxInstanceRequestConcurrency') ?? DEFAULT_CONCURRENCY,
    ),
    memoryBytes: bytesOf(textAt(container, 'resources', 'limits', 'memory') ?? DEFAULT_MEMORY),
    isInvokerCheckOff: valueAt(json, 'invokerIamDisabled') === true,
    mounts: mountsIn(json, container),
    variables: variablesIn(env, named, container),
    secrets: env.filter(isSecret).map((one) => textAt(one, 'name') ?? ''),
  }
}

/** The container that takes requests is the one with a port, and the only one has none perhaps. */
function ingressContainer(json: unknown): unknown {
  const containers = listAt(json, 'template', 'containers')
  return containers.find((one) => listAt(one, 'ports').length > 0) ?? containers[0]
}

function isSecret(env: unknown): boolean {
  return valueAt(env, 'valueSource') !== undefined
}

function variablesIn(
  env: readonly unknown[],
  { name }: ServiceName,
  container: unknown,
): Variables {
  const [port] = listAt(container, 'ports')
  const containerPort = valueAt(port, 'containerPort')
  const plain = env.filter((one) => !isSecret(one))
  return {
    ...Object.fromEntries(plain.map((one) => [textAt(one, 'name') ?? '', textAt(one, 'value')])),
    K_SERVICE: name,
    ...(typeof containerPort === 'number' && { PORT: String(containerPort) }),
  }
}

function mountsIn(json: unknown, container: unknown): readonly Mount[] {
  const volumes = listAt(json, 'template', 'volumes')
  return listAt(container, 'volumeMounts').map((mount) => {
    const volume = volumes.find((one) => textAt(one, 'name') === textAt(mount, 'name'))
    return {
      path: textAt(mount, 'mountPath') ?? '',
      kind: kindOf(volume),
      isReadOnly:
        valueAt(volume, 'gcs', 'readOnly') === true || valueAt(volume, 'nfs', 'readOnly') === true,
      options: textsAt(volume, 'gcs', 'mountOptions'),
    }
  })
}

function kindOf(volume: unknown): Mount['kind'] {
  if (valueAt(volume, 'gcs') !== undefined) return 'bucket'
  if (valueAt(volume, 'nfs') !== undefined) return 'nfs'
  return valueAt(volume, 'emptyDir') === undefined ? 'other' : 'memory'
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1_024,
  Mi: MIB,
  Gi: 1_024 * MIB,
}

/** Returns the bytes of a quantity of Kubernetes, like `512Mi`; NaN when it cannot be read. */
function bytesOf(quantity: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity) ?? []
  return Number(number) * (UNITS[unit] ?? Number.NaN)
}

/** The credentials of Mixpanel, and a value that stands for each while it is not read. */
const STANDING_FOR: Variables = {
  MIXPANEL_PROJECT_TOKEN: '0'.repeat(32),
  MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'username',
  MIXPANEL_SERVICE_ACCOUNT_SECRET: 'secret',
  MIXPANEL_PROJECT_ID: '0',
}

/**
 * Returns the variables of a service, and its machine. A variable that comes from a secret has the
 * value of the shell, if there is one.
 */
export function originOf(found: FoundService, shell: Variables): Origin {
  if (found.kind !== 'service') return { kind: 'unknown', text: found.text }
  const { service } = found
  const hidden = service.secrets.filter((name) => !shell[name]?.trim())
  const fromSecrets = service.secrets.map((name) => [
    name,
    shell[name]?.trim() || STANDING_FOR[name],
  ])
  return {
    kind: 'known',
    from: 'service',
    variables: { ...service.variables, ...Object.fromEntries(fromSecrets) },
    host: hostOf(service),
    hidden,
  }
}

/** The check of the service looks at its volumes itself, so every folder counts as mounted here. */
function hostOf({ memoryBytes, variables }: Service): Host {
  const flags = (variables.NODE_OPTIONS ?? '').split(/\s+/)
  return {
    memoryLimitBytes: memoryBytes,
    // V8 takes about half of the memory when no flag says otherwise.
    heapLimitBytes: findOldSpace(flags, memoryBytes) ?? memoryBytes / 2,
    volumeOf: (path) => ({ device: path === '/' ? 1 : 2, inMemory: false }),
  }
}
