import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { DoctorWorld } from '../../../src/cli/doctor/checks.ts'
import { createDoctor } from '../../../src/cli/doctor.ts'
import type { GoogleCredentials } from '../../../src/dead-letter/google-credentials.ts'
import {
  LOCAL_CREDENTIALS,
  type MixpanelStandIn,
  startMixpanelStandIn,
} from '../../../src/local/mixpanel-stand-in.ts'
import { aHost, OFF_CLOUD_RUN } from '../../helpers/config.ts'
import { createFakeIo, type FakeIo } from '../../helpers/fake-io.ts'
import { ACCESS_TOKEN, type FakeGoogle, policyWith, startFakeGoogle } from './fake-google.ts'

const PROJECT = 'p'
const NUMBER = '4711'
export const AGENT = `serviceAccount:service-${NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`
export const PUSH_ACCOUNT = OFF_CLOUD_RUN.PUSH_SERVICE_ACCOUNT
export const RUN_ACCOUNT = 'run@p.iam.gserviceaccount.com'
export const SUBSCRIPTION = 'projects/p/subscriptions/events-to-mixpanel'
export const SUBSCRIPTION_PATH = `/v1/${SUBSCRIPTION}`
export const SERVICE_PATH = '/v2/projects/p/locations/europe-west1/services/pubsub-mixpanel'
export const SERVICE_URL = 'https://pubsub-mixpanel-abc.europe-west1.run.app'
export const DEAD_TOPIC = 'projects/p/topics/dead'

export const OF_SUBSCRIPTION = ['--project', PROJECT, '--subscription', 'events-to-mixpanel']
export const OF_SERVICE = [
  '--project',
  PROJECT,
  '--service',
  'pubsub-mixpanel',
  '--region',
  'europe-west1',
]

/** One finding, as `--json` prints it. */
export interface Printed {
  readonly check: string
  readonly kind: string
  readonly text: string
  readonly mend?: string
}

export interface DoctorScene {
  readonly google: FakeGoogle
  readonly mixpanel: MixpanelStandIn
  /** A Mixpanel in another region, which knows the same credentials. */
  readonly other: MixpanelStandIn
  /** The variables of the shell. All is well with them. */
  readonly env: Readonly<Record<string, string>>
  /** Runs the command to its end. */
  run(args: readonly string[], changes?: Changes): Promise<Run>
  /** Runs one check, and returns its findings as `kind text`, with the mend lines after `mend:`. */
  findings(check: string, args?: readonly string[], changes?: Changes): Promise<readonly string[]>
}

export interface Changes {
  readonly env?: Readonly<Record<string, string>>
  readonly world?: Partial<DoctorWorld>
  readonly io?: FakeIo
}

export interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** No mend line may let in more people than before. */
const WIDENS_ACCESS = /add-iam|set-iam|allow-unauth|no-invoker-iam-check|add-custom-aud/

const GRANTED: GoogleCredentials = {
  access: async () => ({
    kind: 'granted',
    headers: { authorization: `Bearer ${ACCESS_TOKEN}` },
  }),
  forget: () => undefined,
}

/** Starts a world in which all is well. It ends with the test. */
export async function startDoctorScene(t: TestContext): Promise<DoctorScene> {
  const google = await startFakeGoogle(t)
  const [mixpanel, other] = [await startMixpanel(t), await startMixpanel(t)]
  google.answers('/certs', keysAnswer())
  google.has(`/v3/projects/${PROJECT}`, { name: `projects/${NUMBER}`, projectId: PROJECT })
  google.has(`/v3/projects/${PROJECT}:getIamPolicy`, {})
  google.has(SUBSCRIPTION_PATH, aSubscription())
  google.has(
    `/v1/projects/-/serviceAccounts/${PUSH_ACCOUNT}:getIamPolicy`,
    policyWith(['roles/iam.serviceAccountTokenCreator', AGENT]),
  )
  google.has(SERVICE_PATH, aService())
  google.has(`${SERVICE_PATH}:getIamPolicy`, policyWith(['roles/run.invoker', 'allUsers']))
  const env = {
    ...OFF_CLOUD_RUN,
    MIXPANEL_PROJECT_TOKEN: LOCAL_CREDENTIALS.token,
    MIXPANEL_URL: mixpanel.url,
    MIXPANEL_REGION: '',
    PUSH_JWKS_URL: `${google.url}/certs`,
    PUSH_ACK_DEADLINE_SECONDS: '60',
    DEAD_LETTER: 'subscription',
  }
  const regionUrls = { eu: mixpanel.url, us: other.url }

  return { google, mixpanel, other, env, run, findings }

  async function run(args: readonly string[], changes: Changes = {}): Promise<Run> {
    const io = changes.io ?? createFakeIo({ env: { ...env, ...changes.env } })
    const command = createDoctor(({ clock }) => ({
      clock,
      machine: aHost(),
      hosts: google.hosts,
      regionUrls,
      credentials: GRANTED,
      diskUse: async () => 0.5,
      ...changes.world,
    }))
    const code = await command.run(args, io)
    return { code, out: io.out(), err: io.err() }
  }

  async function findings(check: string, args: readonly string[] = [], changes: Changes = {}) {
    const { out, err } = await run(['--json', '--only', check, ...args], changes)
    if (err !== '') throw new Error(err)
    const printed: { findings: readonly Printed[] } = JSON.parse(out)
    for (const { mend } of printed.findings) assert.doesNotMatch(mend ?? '', WIDENS_ACCESS)
    return printed.findings.map(({ kind, text, mend }) => {
      return mend === undefined ? `${kind} ${text}` : `${kind} ${text} mend: ${mend}`
    })
  }
}

async function startMixpanel(t: TestContext): Promise<MixpanelStandIn> {
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  return mixpanel
}

/** Keys, and the time of their server. The fake clock stands at the begin of 2026. */
export function keysAnswer(headers: Readonly<Record<string, string>> = {}, keys = 1) {
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
  const body = { keys: Array.from({ length: keys }, () => ({ kty: 'RSA', kid: 'k' })) }
  return { status: 200, body, headers: { date, ...headers } }
}

/** A subscription as it should be, unless told otherwise; `undefined` removes a setting. */
export function aSubscription(changes: object = {}, pushConfig: object = {}): object {
  return {
    name: SUBSCRIPTION,
    topic: 'projects/p/topics/events',
    pushConfig: {
      pushEndpoint: `${SERVICE_URL}/push`,
      oidcToken: { serviceAccountEmail: PUSH_ACCOUNT, audience: OFF_CLOUD_RUN.PUSH_AUDIENCE },
      ...pushConfig,
    },
    ackDeadlineSeconds: 60,
    messageRetentionDuration: '604800s',
    expirationPolicy: {},
    retryPolicy: { minimumBackoff: '10s', maximumBackoff: '600s' },
    ...changes,
  }
}

/** A service on Cloud Run as it should be: public, with tokens that it verifies itself. */
export function aService({
  env = {},
  template = {},
  container = {},
  ...rest
}: ServiceChanges = {}): object {
  const variables = {
    MIXPANEL_REGION: 'eu',
    PUSH_AUDIENCE: OFF_CLOUD_RUN.PUSH_AUDIENCE,
    PUSH_SERVICE_ACCOUNT: PUSH_ACCOUNT,
    PUSH_ACK_DEADLINE_SECONDS: '60',
    DEAD_LETTER: `pubsub:${DEAD_TOPIC}`,
    ...env,
  }
  return {
    name: SERVICE_PATH.slice('/v2/'.length),
    uri: SERVICE_URL,
    urls: ['https://pubsub-mixpanel-4711.europe-west1.run.app', SERVICE_URL],
    template: {
      serviceAccount: RUN_ACCOUNT,
      timeout: '60s',
      maxInstanceRequestConcurrency: 500,
      containers: [
        {
          image: 'image',
          ports: [{ containerPort: 8080 }],
          resources: { limits: { memory: '1Gi', cpu: '1' } },
          env: [
            ...Object.entries(variables).map(([name, value]) => ({ name, value })),
            {
              name: 'MIXPANEL_PROJECT_TOKEN',
              valueSource: {
                secretKeyRef: { secret: 'mixpanel-project-token', version: 'latest' },
              },
            },
          ],
          ...container,
        },
      ],
      ...template,
    },
    ...rest,
  }
}

export interface ServiceChanges {
  readonly env?: Readonly<Record<string, string>>
  readonly template?: object
  readonly container?: object
  readonly invokerIamDisabled?: boolean
  readonly customAudiences?: readonly string[]
}
