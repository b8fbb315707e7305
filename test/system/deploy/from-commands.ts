import {
  type Deployment,
  type Letters,
  type Pushes,
  ROLES,
  ROLES_OF_DEPLOYING,
  type Service,
  secondsOf,
} from './deployment.ts'
import type { Command } from './shell-commands.ts'

const SERVICE_FLAGS: readonly string[] = [
  'image',
  'region',
  'service-account',
  'execution-environment',
  'cpu',
  'memory',
  'no-cpu-throttling',
  'concurrency',
  'timeout',
  'max-instances',
  'use-http2',
  'startup-probe',
  'liveness-probe',
  'set-env-vars',
  'set-secrets',
  'add-volume',
  'add-volume-mount',
  'allow-unauthenticated',
  'no-allow-unauthenticated',
  // A share of NFS is reached through a network.
  'network',
  'subnet',
]
const SUBSCRIPTION_FLAGS: readonly string[] = [
  'topic',
  'push-endpoint',
  'push-auth-service-account',
  'push-auth-token-audience',
  'ack-deadline',
  'min-retry-delay',
  'max-retry-delay',
  'message-retention-duration',
  'expiration-period',
]

/** The deployment that commands of gcloud make. Throws when a command that must be there is missing. */
export function deploymentOfCommands(commands: readonly Command[]): Deployment {
  const deploy = commands[indexOf(commands, 'run deploy')]
  const at = indexOf(commands, 'pubsub subscriptions create', 'push-endpoint')
  const subscribe = commands[at]
  if (!deploy || !subscribe) throw new Error('no service, or no subscription')
  return { service: serviceOf(deploy), pushes: pushesOf(subscribe, commands, at) }
}

function indexOf(commands: readonly Command[], words: string, flag?: string): number {
  return commands.findIndex(
    (one) => one.words.join(' ').startsWith(words) && (flag === undefined || flag in one.flags),
  )
}

function serviceOf({ words, flags }: Command): Service {
  return {
    name: words.at(-1) ?? '',
    image: flags.image ?? '',
    account: flags['service-account'] ?? '',
    generation: flags['execution-environment'] ?? '',
    cpu: flags.cpu ?? '',
    memory: flags.memory ?? '',
    cpuIdle: !('no-cpu-throttling' in flags),
    concurrency: Number(flags.concurrency),
    timeoutSeconds: secondsOf(flags.timeout),
    maxInstances: Number(flags['max-instances']),
    http2: 'use-http2' in flags,
    startupPath: (flags['startup-probe'] ?? '').replace('httpGet.path=', ''),
    livenessPath: (flags['liveness-probe'] ?? '').replace('httpGet.path=', ''),
    environment: pairsOf(flags['set-env-vars']),
    secrets: pairsOf(flags['set-secrets']),
    volumes: volumesOf(flags),
    collector: undefined,
    others: Object.keys(flags).filter((name) => !SERVICE_FLAGS.includes(name)),
  }
}

function volumesOf(flags: Command['flags']): Service['volumes'] {
  const mount = pairsOf(flags['add-volume-mount'])
  const volume = pairsOf(flags['add-volume'])
  if (mount['mount-path'] === undefined) return {}
  return { [mount['mount-path']]: (volume['mount-options'] ?? volume.type ?? '').split(';') }
}

function pushesOf(
  { words, flags }: Command,
  commands: readonly Command[],
  created: number,
): Pushes {
  const grants = commands.flatMap((command, at) => grantOf(command).map((grant) => ({ grant, at })))
  const before = grants.filter(({ at }) => at < created)
  return {
    subscription: words.at(-1) ?? '',
    topic: flags.topic ?? '',
    endpoint: flags['push-endpoint'] ?? '',
    account: flags['push-auth-service-account'] ?? '',
    audience: flags['push-auth-token-audience'] ?? '',
    ackDeadlineSeconds: secondsOf(flags['ack-deadline']),
    minRetrySeconds: secondsOf(flags['min-retry-delay']),
    maxRetrySeconds: secondsOf(flags['max-retry-delay']),
    retentionSeconds: secondsOf(flags['message-retention-duration']),
    expiration: expirationOf(flags),
    letters: lettersOf(commands),
    policy: policyOf(commands),
    others: [
      ...Object.keys(flags).filter((name) => !SUBSCRIPTION_FLAGS.includes(name)),
      ...otherGrants(commands),
    ],
    grants: grants.map(({ grant }) => grant).sort(),
    grantsBefore: before.map(({ grant }) => grant).sort(),
  }
}

function expirationOf(flags: Command['flags']): number | 'never' {
  const period = flags['expiration-period']
  return period === 'never' ? period : secondsOf(period)
}

function lettersOf(commands: readonly Command[]): Letters | undefined {
  const create = commands.find(
    ({ words, flags }) =>
      words.join(' ').startsWith('pubsub subscriptions create') && !('push-endpoint' in flags),
  )
  if (!create) return
  return {
    subscription: create.words.at(-1) ?? '',
    topic: create.flags.topic ?? '',
    retentionSeconds: secondsOf(create.flags['message-retention-duration']),
    expiration: expirationOf(create.flags),
  }
}

function policyOf(commands: readonly Command[]): Pushes['policy'] {
  const updates = commands.filter(({ flags }) => 'dead-letter-topic' in flags)
  return Object.fromEntries(
    updates.map(({ flags }) => [
      flags['dead-letter-topic'],
      Number(flags['max-delivery-attempts']),
    ]),
  )
}

function grantOf({ words, flags }: Command): readonly string[] {
  // A service that lets everybody in is granted so by the command that deploys it.
  if (words[1] === 'deploy' && 'allow-unauthenticated' in flags) {
    return [`roles/run.invoker on ${words.at(-1)} to allUsers`]
  }
  if (!words.includes('add-iam-policy-binding') || !ROLES.includes(flags.role ?? '')) return []
  return [`${flags.role} on ${(words.at(-1) ?? '').replace('gs://', '')} to ${flags.member}`]
}

/** The roles that are granted, and that neither the deployment nor who deploys it needs. */
function otherGrants(commands: readonly Command[]): readonly string[] {
  return commands
    .filter(({ words }) => words.includes('add-iam-policy-binding'))
    .map(({ flags }) => flags.role ?? '')
    .filter((role) => ![...ROLES, ...ROLES_OF_DEPLOYING].includes(role))
}

/** `a=1,b=2` as an object. */
function pairsOf(text = ''): Record<string, string> {
  const pairs = text.split(',').filter((pair) => pair !== '')
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}
