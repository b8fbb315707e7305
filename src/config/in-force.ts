import type { Config } from './load-config.ts'
import { secretEnd } from './secret-end.ts'

/**
 * The configuration in force, fit for a log line. It holds no secret, and of a token only the end.
 */
export interface InForce {
  /** Absent when `MIXPANEL_URL` is set. */
  readonly region?: string
  /** The host of `MIXPANEL_URL`, with its port if there is one. */
  readonly mixpanelHost?: string
  /** The id of the project, or the last four characters of its token. */
  readonly project: string
  readonly auth: string
  readonly audiences: number | 'any'
  readonly serviceAccounts: number | 'any'
  readonly subscriptions: number | 'any'
  readonly ackDeadlineSeconds: number
  readonly insertId: string
  readonly deadLetter: string
  readonly transform: string
}

/** Returns the configuration that the service was started with. */
export function inForce(config: Config): InForce {
  const { mixpanel, push } = config
  const lists = push.auth.kind === 'none' ? undefined : push.auth
  return {
    ...(mixpanel.region === undefined
      ? { mixpanelHost: new URL(mixpanel.baseUrl).host }
      : { region: mixpanel.region }),
    project: projectOf(mixpanel.credentials),
    auth: push.auth.kind.replaceAll('_', '-'),
    audiences: countOf(lists?.audiences),
    serviceAccounts: countOf(lists?.serviceAccounts),
    subscriptions: countOf(push.subscriptions),
    ackDeadlineSeconds: push.ackDeadlineMs / 1_000,
    insertId: config.insertId,
    deadLetter: deadLetterText(config.deadLetter),
    transform: config.transformPath ?? 'none',
  }
}

function projectOf(credentials: Config['mixpanel']['credentials']): string {
  if (credentials.kind === 'service_account') return credentials.projectId
  return `…${secretEnd(credentials.token) ?? ''}`
}

/** Returns the length of a list, or `any`: an empty list allows everything. */
function countOf(list: readonly string[] = []): number | 'any' {
  return list.length === 0 ? 'any' : list.length
}

function deadLetterText(target: Config['deadLetter']): string {
  switch (target.kind) {
    case 'file':
      return `file:${target.folder}`
    case 'pubsub':
      return `pubsub:${target.topic}`
    case 'subscription':
      return 'subscription'
  }
}
