/** One deployment, as the Terraform module, a list of commands or a Knative file describes it. */
export interface Deployment {
  readonly service: Service
  /** Absent where the description ends with the service. */
  readonly pushes?: Pushes
}

export interface Service {
  readonly name: string
  readonly image: string
  readonly account: string
  readonly generation: string
  readonly cpu: string
  readonly memory: string
  /** Whether CPU is there, and billed, while a request is open only. */
  readonly cpuIdle: boolean
  readonly concurrency: number
  readonly timeoutSeconds: number
  readonly maxInstances: number
  /** Whether Cloud Run speaks HTTP/2 to the service; off by default. */
  readonly http2: boolean
  readonly startupPath: string
  readonly livenessPath: string
  readonly environment: Readonly<Record<string, string>>
  /** The secrets by the variable or the file that holds them, each as `secret:version`. */
  readonly secrets: Readonly<Record<string, string>>
  /** The options of each mounted volume that is no secret, by its folder. */
  readonly volumes: Readonly<Record<string, readonly string[]>>
  /** The collector of Prometheus metrics beside the service; none by default. */
  readonly collector: Collector | undefined
  /** Settings that are none of the above. */
  readonly others: readonly string[]
}

/** A second container that asks the service for its metrics. */
export interface Collector {
  readonly image: string
  /** The containers that run before it. */
  readonly startsAfter: readonly string[]
  /** The file that it reads its settings from, and the secret that holds it as `secret:version`. */
  readonly file: string
  readonly secret: string
  readonly port: number
  readonly path: string
  readonly cpuIdle: boolean
}

export interface Pushes {
  readonly subscription: string
  readonly topic: string
  readonly endpoint: string
  readonly account: string
  readonly audience: string
  readonly ackDeadlineSeconds: number
  readonly minRetrySeconds: number
  readonly maxRetrySeconds: number
  readonly retentionSeconds: number
  /** `never`, or seconds. */
  readonly expiration: number | 'never'
  /** The subscription that keeps the dead letters, where a topic takes them. */
  readonly letters: Letters | undefined
  /** The attempts of a dead-letter policy by its topic; none without a policy. */
  readonly policy: Readonly<Record<string, number>>
  /** Settings of the subscription that are none of these, and grants of other roles. */
  readonly others: readonly string[]
  /** Each as `ROLE on RESOURCE to MEMBER`, and sorted. */
  readonly grants: readonly string[]
  /** The grants that exist before the subscription does. */
  readonly grantsBefore: readonly string[]
}

export const PROJECT_NUMBER = '123456789'
export const URL_OF_SERVICE = 'https://pubsub-mixpanel-example.a.run.app'
export const AGENT = `serviceAccount:service-${PROJECT_NUMBER}@gcp-sa-pubsub.iam.gserviceaccount.com`

/** The roles that pushes and dead letters need. */
export const ROLES: readonly string[] = [
  'roles/run.invoker',
  'roles/iam.serviceAccountTokenCreator',
  'roles/secretmanager.secretAccessor',
  'roles/pubsub.publisher',
  'roles/pubsub.subscriber',
  'roles/storage.objectUser',
  'roles/monitoring.metricWriter',
]

/** The roles that the build and the person who deploys need. Terraform grants none of them. */
export const ROLES_OF_DEPLOYING: readonly string[] = [
  'roles/cloudbuild.builds.builder',
  'roles/iam.serviceAccountUser',
]

export interface Letters {
  readonly subscription: string
  readonly topic: string
  readonly retentionSeconds: number
  readonly expiration: number | 'never'
}

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, d: 86_400 }

/** The seconds of `60`, `60s` or `7d`; NaN of anything else. */
export function secondsOf(text: unknown): number {
  const [, count, unit = ''] = /^(\d+)([sd]?)$/.exec(String(text)) ?? []
  return Number(count) * (SECONDS[unit] ?? Number.NaN)
}
