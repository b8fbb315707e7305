import { isDeepStrictEqual } from 'node:util'
import { aHost, problemsWith } from '../../helpers/config.ts'
import { AGENT, type Deployment, type Pushes, type Service } from './deployment.ts'

/** The facts of the code and its HTTP API that a description of a deployment must agree with. */
export interface Truth {
  /** Such as `POST /push`. */
  readonly routes: readonly string[]
  readonly variables: readonly string[]
  /** The variables that a mapping names for its keys. */
  readonly keys: readonly string[]
  readonly version: string
}

/** Each rule that a deployment breaks, in words. */
export function faultsOf(deployment: Deployment, truth: Truth): readonly string[] {
  const { service, pushes } = deployment
  return [
    ...faultsOfEnvironment(service, truth),
    ...faultsOfService(service, truth),
    ...(pushes
      ? [...faultsOfPushes(pushes, service, truth), ...faultsOfGrants(pushes, service)]
      : []),
  ]
}

/** Each value of a deployment in which another one differs. */
export function differences(one: Deployment, other: Deployment): readonly string[] {
  return [
    ...differing(one.service, other.service),
    ...(one.pushes && other.pushes ? differing(one.pushes, other.pushes) : []),
  ]
}

function differing(one: object, other: object): readonly string[] {
  const others = new Map<string, unknown>(Object.entries(other))
  return Object.entries(one)
    .filter(([name, value]) => !isDeepStrictEqual(value, others.get(name)))
    .map(([name, value]) => `${name}: ${text(value)} differs from ${text(others.get(name))}`)
}

function faultsOfEnvironment(service: Service, { variables, keys }: Truth): readonly string[] {
  const given = { ...service.environment, ...service.secrets }
  const names = Object.keys(given).filter((name) => !name.startsWith('/'))
  const unknown = names.filter((name) => ![...variables, ...keys].includes(name))
  const env = Object.fromEntries(names.map((name) => [name, given[name]]))
  const volumeOf = (path: string) => ({
    device: Object.keys(service.volumes).some((folder) => path.startsWith(folder)) ? 2 : 1,
    inMemory: false,
  })
  const onCloudRun = { ...env, MIXPANEL_PROJECT_TOKEN: '0'.repeat(32), K_SERVICE: 'service' }
  return [
    ...unknown.map((name) => `there is no variable ${name}`),
    ...problemsWith(onCloudRun, aHost({ volumeOf })),
    ...missing('secrets', names, ['MIXPANEL_PROJECT_TOKEN']),
    ...keys
      .filter((name) => name in service.environment)
      .map((name) => `the key ${name} is no secret`),
    ...faultsOfFiles(service),
  ]
}

/** The transform must be a mounted file; a bucket must not stream, and must belong to the image's user. */
function faultsOfFiles({ environment, secrets, volumes }: Service): readonly string[] {
  const { TRANSFORM } = environment
  const buckets = Object.values(volumes).filter((options) => !options.includes('nfs'))
  return [
    ...(TRANSFORM === undefined ? [] : missing('files', Object.keys(secrets), [TRANSFORM])),
    ...buckets.flatMap((options) =>
      missing('mount options', options, ['uid=1000', 'gid=1000', 'enable-streaming-writes=false']),
    ),
  ]
}

function faultsOfService(service: Service, { routes, version }: Truth): readonly string[] {
  const deadline = Number(service.environment.PUSH_ACK_DEADLINE_SECONDS)
  return [
    ...missing('routes', routes, [`GET ${service.startupPath}`, `GET ${service.livenessPath}`]),
    ...unless(!/z$/.test(service.startupPath), 'the startup path ends in z'),
    ...unless(!/z$/.test(service.livenessPath), 'the liveness path ends in z'),
    ...unless(service.timeoutSeconds >= deadline, 'the request timeout is below the ack deadline'),
    ...unless(service.concurrency === 500, `concurrency is ${service.concurrency}`),
    ...unless(mebibytesOf(service.memory) >= 512, `memory is ${service.memory}`),
    ...unless(service.generation === 'gen2', `the generation is ${service.generation}`),
    ...unless(service.cpuIdle || service.collector !== undefined, 'CPU is always allocated'),
    ...faultsOfCollector(service),
    ...service.others.map((name) => `no rule knows the setting ${name} of the service`),
    ...unless(
      service.image.endsWith(`:${version}`),
      `the image ${service.image} is not ${version}`,
    ),
  ]
}

/** A collector needs CPU between pushes, and asks where the service has its metrics. */
function faultsOfCollector({ collector, cpuIdle, environment }: Service): readonly string[] {
  if (collector === undefined) return []
  const { METRICS_PORT } = environment
  return [
    ...unless(!cpuIdle && !collector.cpuIdle, 'the collector has no CPU between pushes'),
    ...unless(
      collector.port > 0 && collector.port === Number(METRICS_PORT),
      `the collector asks port ${collector.port}, and the service has its metrics at ${METRICS_PORT}`,
    ),
    ...unless(collector.path === '/metrics', `the collector asks ${collector.path}`),
    ...unless(
      collector.file === '/etc/rungmp/config.yaml',
      `the collector does not read ${collector.file}`,
    ),
    ...missing('the collector starts after', collector.startsAfter, ['service']),
    ...unless(/:\d+\.\d+\.\d+$/.test(collector.image), `the collector is ${collector.image}`),
  ]
}

function faultsOfPushes(pushes: Pushes, service: Service, { routes }: Truth): readonly string[] {
  const { PUSH_ACK_DEADLINE_SECONDS, PUSH_AUDIENCE, PUSH_SERVICE_ACCOUNT } = service.environment
  const { origin, pathname } = new URL(pushes.endpoint)
  const audiences = PUSH_AUDIENCE?.split(',') ?? [origin]
  return [
    ...missing('routes', routes, [`POST ${pathname}`]),
    ...unless(!/z$/.test(pathname), 'the push path ends in z'),
    ...missing('audiences', audiences, [pushes.audience]),
    ...missing('push accounts', (PUSH_SERVICE_ACCOUNT ?? '').split(','), [pushes.account]),
    ...unless(
      pushes.ackDeadlineSeconds === Number(PUSH_ACK_DEADLINE_SECONDS),
      `the ack deadline is ${pushes.ackDeadlineSeconds} s, and ${PUSH_ACK_DEADLINE_SECONDS} s in the service`,
    ),
    ...unless(
      10 <= pushes.minRetrySeconds && pushes.minRetrySeconds < pushes.maxRetrySeconds,
      `the shortest retry delay is ${pushes.minRetrySeconds} s`,
    ),
    ...unless(
      pushes.maxRetrySeconds <= 600,
      `the longest retry delay is ${pushes.maxRetrySeconds} s`,
    ),
    ...unless(pushes.expiration === 'never', `the subscription expires: ${pushes.expiration}`),
    ...pushes.others.map((name) => `no rule knows the setting ${name} of the subscription`),
    ...faultsOfLetters(pushes, service),
    ...unless(pushes.retentionSeconds >= 604_800, `retention is ${pushes.retentionSeconds} s`),
  ]
}

/** Letters in a topic need a subscription that keeps them; a policy must outlast an outage. */
function faultsOfLetters({ letters, policy }: Pushes, service: Service): readonly string[] {
  const [kind = ''] = (service.environment.DEAD_LETTER ?? '').split(':')
  const topics = Object.keys(policy)
  return [
    ...unless(kind === 'file' || letters !== undefined, 'no subscription keeps the dead letters'),
    ...unless(!letters || letters.expiration === 'never', `letters expire: ${letters?.expiration}`),
    ...unless(
      !letters || letters.retentionSeconds === 31 * 86_400,
      `letters are kept ${letters?.retentionSeconds} s`,
    ),
    ...unless((kind === 'subscription') === (topics.length === 1), `policies: ${topics.length}`),
    ...topics.flatMap((topic) => [
      ...unless(topic === letters?.topic, `no subscription keeps the letters of ${topic}`),
      ...unless((policy[topic] ?? 0) >= 100, `a policy of ${policy[topic]} attempts`),
    ]),
  ]
}

function faultsOfGrants(pushes: Pushes, service: Service): readonly string[] {
  const push = `serviceAccount:${pushes.account}`
  const run = `serviceAccount:${service.account}`
  const { collector } = service
  const all = [...Object.values(service.secrets), ...(collector ? [collector.secret] : [])]
  const secrets = all.map((secret) => secret.replace(/:.*/, ''))
  const invoker = service.environment.PUSH_AUTH === 'cloud-run-iam' ? push : 'allUsers'
  const needed = [
    `roles/run.invoker on ${service.name} to ${invoker}`,
    `roles/iam.serviceAccountTokenCreator on ${pushes.account} to ${AGENT}`,
    ...secrets.map((secret) => `roles/secretmanager.secretAccessor on ${secret} to ${run}`),
    ...grantsOfLetters(pushes, service, run),
    ...(collector ? [`roles/monitoring.metricWriter on ${projectOf(service)} to ${run}`] : []),
  ]
  // The grants of a dead-letter policy must be there before the policy, not before the subscription.
  const inOrder = pushes.grants.filter((grant) => !/^roles\/pubsub\..* to .*@gcp-sa-/.test(grant))
  return [
    ...missing('grants', pushes.grants, needed),
    ...pushes.grants
      .filter((grant) => !needed.includes(grant))
      .map((grant) => `nothing needs the grant ${grant}`),
    ...missing('grants before the subscription', pushes.grantsBefore, inOrder),
  ]
}

function grantsOfLetters(pushes: Pushes, service: Service, run: string): readonly string[] {
  const [kind = '', place = ''] = (service.environment.DEAD_LETTER ?? '').split(/:(.*)/s)
  const topic = `${pushes.topic}-dead`
  if (kind === 'pubsub') return [`roles/pubsub.publisher on ${place.split('/').at(-1)} to ${run}`]
  if (kind === 'subscription') {
    return [
      `roles/pubsub.publisher on ${topic} to ${AGENT}`,
      `roles/pubsub.subscriber on ${pushes.subscription} to ${AGENT}`,
    ]
  }
  // A share of NFS has no grants of Google's.
  return (service.volumes[place] ?? []).includes('nfs')
    ? []
    : [`roles/storage.objectUser on my-project-dead-letters to ${run}`]
}

function projectOf({ account }: Service): string {
  return account.replace(/^.*@|\.iam\.gserviceaccount\.com$/g, '')
}

function missing(what: string, all: readonly string[], needed: readonly string[]) {
  return needed
    .filter((one) => !all.includes(one))
    .map((one) => `${what}: no ${one} among ${all.join(', ')}`)
}

function unless(holds: boolean, fault: string): readonly string[] {
  return holds ? [] : [fault]
}

function mebibytesOf(memory: string): number {
  const [, count, unit] = /^(\d+)(Mi|Gi)$/.exec(memory) ?? []
  return Number(count) * (unit === 'Gi' ? 1024 : 1)
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing'
}
