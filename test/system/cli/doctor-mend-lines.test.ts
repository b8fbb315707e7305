import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it, type TestContext } from 'node:test'
import { gcloud } from '../../../src/cli/doctor/gcloud.ts'
import { policyWith } from '../../cli/doctor/fake-google.ts'
import {
  aService,
  aSubscription,
  DEAD_TOPIC,
  OF_SERVICE,
  OF_SUBSCRIPTION,
  type Printed,
  SERVICE_PATH,
  SUBSCRIPTION_PATH,
  startDoctorScene,
} from '../../cli/doctor/scene.ts'

const BASH = spawnSync('bash', ['--version']).status === 0

/** The commands of mend lines and the flags of each, as gcloud 528 has them. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  'pubsub subscriptions update': [
    '--ack-deadline',
    '--clear-push-no-wrapper-config',
    '--dead-letter-topic',
    '--expiration-period',
    '--max-delivery-attempts',
    '--max-retry-delay',
    '--min-retry-delay',
    '--no-enable-exactly-once-delivery',
    '--project',
  ],
  'pubsub subscriptions modify-push-config': [
    '--project',
    '--push-auth-service-account',
    '--push-auth-token-audience',
    '--push-endpoint',
  ],
  'pubsub subscriptions create': [
    '--ack-deadline',
    '--expiration-period',
    '--message-retention-duration',
    '--project',
    '--topic',
  ],
  'run services update': [
    '--concurrency',
    '--invoker-iam-check',
    '--memory',
    '--project',
    '--region',
    '--timeout',
    '--update-env-vars',
  ],
  'run services remove-iam-policy-binding': ['--member', '--project', '--region', '--role'],
}

/** Returns the words of a command line as bash splits them. */
function wordsOf(line: string): readonly string[] {
  const script = `words() { printf '%s\\n' "$@"; }; words ${line}`
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })
  assert.equal(status, 0, `${stderr}\n${line}`)
  return stdout.split('\n').slice(0, -1)
}

/** Returns the mend lines for as many faults as can be there at once, in several worlds. */
async function mendLines(t: TestContext): Promise<readonly string[]> {
  const scene = await startDoctorScene(t)
  const policy = { deadLetterTopic: DEAD_TOPIC, maxDeliveryAttempts: 5 }
  const faulty = {
    ackDeadlineSeconds: 10,
    retryPolicy: undefined,
    expirationPolicy: undefined,
    enableExactlyOnceDelivery: true,
    deadLetterPolicy: policy,
  }
  scene.google.has(`/v1/${DEAD_TOPIC}/subscriptions`, {})
  scene.google.has(
    SUBSCRIPTION_PATH,
    aSubscription(faulty, { noWrapper: {}, pushEndpoint: 'https://a/b' }),
  )
  scene.mixpanel.switches.set({ host: 'wrong_401' })
  const template = { timeout: '1s', maxInstanceRequestConcurrency: 1 }
  const container = { resources: { limits: { memory: '128Mi' } } }
  const lines: string[] = []
  for (const [service, members] of [
    [{ template, container }, []],
    [{ env: { PUSH_AUTH: 'cloud-run-iam' } }, ['allUsers']],
    [{ env: { PUSH_AUTH: 'cloud-run-iam' } }, ['allAuthenticatedUsers']],
    [{ env: { PUSH_AUTH: 'cloud-run-iam' }, invokerIamDisabled: true }, []],
  ] as const) {
    scene.google.has(SERVICE_PATH, aService(service))
    scene.google.has(
      `${SERVICE_PATH}:getIamPolicy`,
      policyWith(...members.map((member) => ['roles/run.invoker', member] as const)),
    )
    const args = ['--json', '--other-regions', ...OF_SUBSCRIPTION, ...OF_SERVICE]
    const { out } = await scene.run(args)
    const { findings }: { findings: readonly Printed[] } = JSON.parse(out)
    lines.push(...findings.flatMap(({ mend }) => mend ?? []))
  }
  return [...new Set(lines)]
}

describe('the mend lines of doctor', { skip: !BASH && 'there is no bash here' }, () => {
  it('are commands of gcloud with flags that they have, and widen no access', async (t) => {
    const lines = await mendLines(t)

    const used = new Set<string>()
    for (const line of lines) {
      const [program, ...words] = wordsOf(line)
      const command =
        Object.keys(COMMANDS).find((one) => words.join(' ').startsWith(`${one} `)) ?? ''
      const flags = words.filter((word) => word.startsWith('--'))

      assert.equal(program, 'gcloud')
      assert.deepEqual(
        flags.filter((flag) => !COMMANDS[command]?.includes(flag)),
        [],
        line,
      )
      for (const flag of flags) used.add(`${command} ${flag}`)
    }
    const known = Object.entries(COMMANDS).flatMap(([name, flags]) =>
      flags.map((flag) => `${name} ${flag}`),
    )
    assert.deepEqual([...used].sort(), known.sort())
  })

  it('keep every value as one word, whatever is in it', () => {
    const values = [
      "it's",
      'a b',
      '$HOME',
      '`id`',
      '$(id)',
      'a;b',
      '"',
      '*',
      'a\\b',
      '',
      '#',
      '~',
      '!',
    ]

    for (const value of values) {
      assert.deepEqual(wordsOf(gcloud(['x', value], { flag: value, other: true })), [
        'gcloud',
        'x',
        value,
        '--flag',
        value,
        '--other',
      ])
    }
  })
})
