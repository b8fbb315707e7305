import {
  type Collector,
  type Deployment,
  type Letters,
  type Pushes,
  type Service,
  secondsOf,
} from './deployment.ts'
import { type ModuleCall, treesOf } from './module-files.ts'
import { createModuleValues } from './module-values.ts'
import { at, entriesAt, listAt } from './tree.ts'

const GRANTED_ON: Readonly<Record<string, string>> = {
  google_service_account_iam_member: 'service_account_id',
  google_secret_manager_secret_iam_member: 'secret_id',
  google_pubsub_topic_iam_member: 'topic',
  google_pubsub_subscription_iam_member: 'subscription',
  google_storage_bucket_iam_member: 'bucket',
  google_cloud_run_v2_service_iam_member: 'name',
  google_project_iam_member: 'project',
}

const SERVICE =
  'provider project location name labels launch_stage deletion_protection template depends_on'
const TEMPLATE =
  'service_account execution_environment max_instance_request_concurrency timeout scaling containers volumes'
const CONTAINER = 'name image ports resources startup_probe liveness_probe env volume_mounts'
const SUBSCRIPTION =
  'project name topic filter labels ack_deadline_seconds message_retention_duration push_config ' +
  'retry_policy expiration_policy dead_letter_policy depends_on lifecycle'

/** The deployment that the module makes of its arguments, with what Google decides filled in. */
export async function deploymentOfModule({ files, values }: ModuleCall): Promise<Deployment> {
  const { resource, read } = createModuleValues(await treesOf(files), values)
  return { service: service(), pushes: pushes() }

  function service(): Service {
    const block = resource('google_cloud_run_v2_service', 'service')
    const template = at(block, 'template')
    const container = at(template, 'containers')
    return {
      name: String(read(at(block, 'name'))),
      image: String(read(at(container, 'image'))),
      account: String(read(at(template, 'service_account'))),
      generation: String(at(template, 'execution_environment'))
        .replace('EXECUTION_ENVIRONMENT_', '')
        .toLowerCase(),
      cpu: String(read(at(container, 'resources', 'limits', 'cpu'))),
      memory: String(read(at(container, 'resources', 'limits', 'memory'))),
      cpuIdle: read(at(container, 'resources', 'cpu_idle')) === true,
      concurrency: Number(read(at(template, 'max_instance_request_concurrency'))),
      timeoutSeconds: secondsOf(read(at(template, 'timeout'))),
      maxInstances: Number(read(at(template, 'scaling', 'max_instance_count'))),
      http2: read(at(container, 'ports', 'name')) === 'h2c',
      startupPath: String(at(container, 'startup_probe', 'http_get', 'path')),
      livenessPath: String(at(container, 'liveness_probe', 'http_get', 'path')),
      environment: environment(container),
      secrets: { ...secretVariables(container), ...secretFiles(template, container) },
      volumes: volumes(template, container),
      collector: collector(template),
      others: [
        ...othersIn(block, SERVICE),
        ...othersIn(template, TEMPLATE),
        ...othersIn(container, CONTAINER),
      ],
    }
  }

  function collector(template: unknown): Collector | undefined {
    const block = at(template, 'dynamic', 'containers')
    if (!isThere(block)) return
    const content = at(block, 'content')
    const mount = at(content, 'volume_mounts')
    const volume = listAt(template, 'dynamic', 'volumes').find(
      (one) => nameOf(one) === read(at(mount, 'name')),
    )
    const secret = at(volume, 'content', 'secret')
    const item = at(secret, 'items')
    const version = resource('google_secret_manager_secret_version', 'collector')
    const endpoint = at(read(at(version, 'secret_data')), 'spec', 'endpoints')
    return {
      image: String(at(content, 'image')),
      startsAfter: listAt(content, 'depends_on').map((one) => String(read(one))),
      file: `${read(at(mount, 'mount_path'))}/${at(item, 'path')}`,
      secret: `${read(at(secret, 'secret'))}:${read(at(item, 'version'))}`,
      port: Number(at(endpoint, 'port')),
      path: String(at(endpoint, 'path')),
      cpuIdle: at(content, 'resources', 'cpu_idle') === true,
    }
  }

  function environment(container: unknown): Record<string, string> {
    return Object.fromEntries(
      variablesIn(container)
        .filter(({ block }) => at(block, 'value') !== undefined)
        .map(({ name, value }) => [name, String(value('value'))]),
    )
  }

  /** The variables that repeated blocks make, each with a way to read the attributes of its block. */
  function variablesIn(container: unknown) {
    return listAt(container, 'dynamic', 'env').flatMap((repeated) =>
      entriesAt(read(at(repeated, 'for_each'))).map(([key, member]) => {
        const block = at(repeated, 'content')
        const value = (...path: string[]) =>
          read(at(block, ...path), { env: { key, value: member } })
        return { name: String(value('name')), block, value }
      }),
    )
  }

  function secretVariables(container: unknown): Record<string, string> {
    const variables = listAt(container, 'env').map((variable) => {
      const secret = at(variable, 'value_source', 'secret_key_ref')
      return [
        String(at(variable, 'name')),
        `${read(at(secret, 'secret'))}:${read(at(secret, 'version'))}`,
      ]
    })
    const repeated = variablesIn(container)
      .filter(({ block }) => at(block, 'value_source') !== undefined)
      .map(({ name, value }) => {
        const [secret, version] = ['secret', 'version'].map((key) =>
          value('value_source', 'secret_key_ref', key),
        )
        return [name, `${secret}:${version}`]
      })
    return Object.fromEntries([...variables, ...repeated])
  }

  function secretFiles(template: unknown, container: unknown): Record<string, string> {
    const mounted = mountedIn(template, container).filter(({ volume }) => at(volume, 'secret'))
    return Object.fromEntries(
      mounted.map(({ folder, volume }) => {
        const item = at(volume, 'secret', 'items')
        const version = `${read(at(volume, 'secret', 'secret'))}:${read(at(item, 'version'))}`
        return [`${folder}/${read(at(item, 'path'))}`, version]
      }),
    )
  }

  function volumes(template: unknown, container: unknown): Record<string, readonly string[]> {
    const mounted = mountedIn(template, container).filter(({ volume }) => at(volume, 'gcs'))
    return Object.fromEntries(
      mounted.map(({ folder, volume }) => [
        folder,
        listAt(volume, 'gcs', 'mount_options').map(String),
      ]),
    )
  }

  function mountedIn(template: unknown, container: unknown) {
    const there = listAt(template, 'dynamic', 'volumes').filter(isThere)
    const mounts = listAt(container, 'dynamic', 'volume_mounts').filter(isThere)
    return mounts.map((mount) => {
      const name = nameOf(mount)
      const volume = there.find((one) => nameOf(one) === name)
      return {
        folder: String(read(at(mount, 'content', 'mount_path'))),
        volume: at(volume, 'content'),
      }
    })
  }

  /** The name of a dynamic block, which stands in the list that makes it. */
  function nameOf(block: unknown): unknown {
    return at(read(at(block, 'for_each')))
  }

  function isThere(block: unknown): boolean {
    return listAt(read(at(block, 'for_each'))).length > 0
  }

  function pushes(): Pushes {
    const block = resource('google_pubsub_subscription', 'events')
    const waitsFor = listAt(block, 'depends_on').map((one) => String(one).slice(2, -1))
    const all = grants()
    const push = at(block, 'push_config')
    return {
      subscription: String(read(at(block, 'name'))),
      topic: String(read(at(block, 'topic'))).replace(/^projects\/.*\/topics\//, ''),
      endpoint: String(read(at(push, 'push_endpoint'))),
      account: String(read(at(push, 'oidc_token', 'service_account_email'))),
      audience: String(read(at(push, 'oidc_token', 'audience'))),
      ackDeadlineSeconds: secondsOf(read(at(block, 'ack_deadline_seconds'))),
      minRetrySeconds: secondsOf(at(block, 'retry_policy', 'minimum_backoff')),
      maxRetrySeconds: secondsOf(at(block, 'retry_policy', 'maximum_backoff')),
      retentionSeconds: secondsOf(at(block, 'message_retention_duration')),
      expiration: expiration(block),
      letters: letters(),
      policy: policy(block),
      others: [...othersIn(block, SUBSCRIPTION), ...otherGrants()],
      grants: all.map(({ grant }) => grant).sort(),
      grantsBefore: all
        .filter(({ address }) => waitsFor.includes(address))
        .map(({ grant }) => grant)
        .sort(),
    }
  }

  function expiration(block: unknown): number | 'never' {
    const ttl = at(block, 'expiration_policy', 'ttl')
    return ttl === '' ? 'never' : secondsOf(ttl)
  }

  function letters(): Letters | undefined {
    const block = resource('google_pubsub_subscription', 'dead_letter')
    if (read(at(block, 'count')) === 0) return
    return {
      subscription: String(read(at(block, 'name'))),
      topic: String(read(at(block, 'topic'))),
      retentionSeconds: secondsOf(at(block, 'message_retention_duration')),
      expiration: expiration(block),
    }
  }

  function policy(block: unknown): Pushes['policy'] {
    const policy = at(block, 'dynamic', 'dead_letter_policy')
    if (!isThere(policy)) return {}
    const content = at(policy, 'content')
    const attempts = Number(read(at(content, 'max_delivery_attempts')))
    return { [String(read(at(content, 'dead_letter_topic')))]: attempts }
  }

  function grants() {
    return Object.entries(GRANTED_ON).flatMap(([type, on]) =>
      entriesAt(resource(type)).flatMap(([name, block]) => {
        if (read(at(block, 'count')) === 0) return []
        return eachOf(block).map((each) => {
          const [role, place, member] = ['role', on, 'member'].map((key) =>
            read(at(block, key), { each: { key: String(each), value: each } }),
          )
          return { address: `${type}.${name}`, grant: `${role} on ${place} to ${member}` }
        })
      }),
    )
  }

  /** The members of the set that repeats a block; one for a block that is not repeated. */
  function eachOf(block: unknown): readonly unknown[] {
    const set = at(block, 'for_each')
    return set === undefined ? [undefined] : listAt(read(set))
  }

  /** The types of grants that the module has no use for, such as one on the whole project. */
  function otherGrants(): readonly string[] {
    const types = entriesAt(resource()).map(([type]) => type)
    return types.filter((type) => type.includes('_iam_') && !(type in GRANTED_ON))
  }
}

/** The names in a block that are not known; those of a dynamic block count as its own. */
function othersIn(block: unknown, known: string): readonly string[] {
  const names = [...entriesAt(block), ...entriesAt(block, 'dynamic')].map(([name]) => name)
  return names.filter((name) => name !== 'dynamic' && !known.split(' ').includes(name))
}
