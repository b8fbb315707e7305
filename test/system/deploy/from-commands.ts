import { type Deployment, type Pushes, ROLES, type Service, secondsOf } from './deployment.ts'
import type { Command } from './shell-commands.ts'

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

function serviceOf({ flags }: Command): Service {
  return {
    image: flags.image ?? '',
    account: flags['service-account'] ?? '',
    generation: flags['execution-environment'] ?? '',
    cpu: flags.cpu ?? '',
    memory: flags.memory ?? '',
    concurrency: Number(flags.concurrency),
    timeoutSeconds: secondsOf(flags.timeout),
    maxInstances: Number(flags['max-instances']),
    startupPath: (flags['startup-probe'] ?? '').replace('httpGet.path=', ''),
    livenessPath: (flags['liveness-probe'] ?? '').replace('httpGet.path=', ''),
    environment: pairsOf(flags['set-env-vars']),
    secrets: pairsOf(flags['set-secrets']),
    volumes: volumesOf(flags),
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
    expiration:
      flags['expiration-period'] === 'never' ? 'never' : secondsOf(flags['expiration-period']),
    grants: grants.map(({ grant }) => grant).sort(),
    grantsBefore: before.map(({ grant }) => grant).sort(),
  }
}

function grantOf({ words, flags }: Command): readonly string[] {
  // A service that lets everybody in is granted so by the command that deploys it.
  if (words[1] === 'deploy' && 'allow-unauthenticated' in flags) {
    return [`roles/run.invoker on ${words.at(-1)} to allUsers`]
  }
  if (!words.includes('add-iam-policy-binding') || !ROLES.includes(flags.role ?? '')) return []
  return [`${flags.role} on ${(words.at(-1) ?? '').replace('gs://', '')} to ${flags.member}`]
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
