import { type Finding, fail, ok, skip, warn } from './finding.ts'
import { gcloud } from './gcloud.ts'
import type { GoogleAnswer, GoogleApi } from './google-api.ts'
import { grantOf } from './grant-of.ts'
import { textsAt } from './json-at.ts'
import { BASIC_ROLES } from './policy.ts'
import { parseName, pathOf } from './resource-name.ts'

const PUBLISH = 'pubsub.topics.publish'

/** The roles that may publish to a topic. */
export const PUBLISHERS: readonly string[] = [
  'roles/pubsub.publisher',
  'roles/pubsub.editor',
  'roles/pubsub.admin',
  ...BASIC_ROLES,
]

export interface CheckedTopic {
  /** The name `projects/P/topics/T`. */
  readonly topic: string
  /** Whether it is the topic of an emulator, which knows no grants. */
  readonly emulated: boolean
  /** The service account that publishes; absent when the credentials of this machine do. */
  readonly account: string | undefined
}

/** Checks that letters can be published to a topic, and that a subscription keeps them. */
export async function checkTopic(
  checked: CheckedTopic,
  google: GoogleApi,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const refused = await publishFault(checked, google, signal)
  if (refused !== undefined) return [refused]
  const { topic, account } = checked
  const kept = await subscriptionsOf(topic, google, signal)
  if (kept.kind === 'found' && textsAt(kept.value, 'subscriptions').length === 0) {
    return [warn(`pubsub:${topic} has no subscription: its letters are lost`, subscribe(topic))]
  }
  if (checked.emulated) return [ok(`pubsub:${topic} exists in an emulator, which keeps nothing`)]
  return [ok(`pubsub:${topic}: ${account ?? 'these credentials'} may publish`)]
}

/** Asks for the subscriptions of a topic. */
export function subscriptionsOf(
  topic: string,
  google: Pick<GoogleApi, 'call'>,
  signal: AbortSignal,
): Promise<GoogleAnswer> {
  const path = `/v1/${pathOf(topic)}/subscriptions`
  return google.call({ api: 'pubsub', path, permission: 'pubsub.topics.get' }, signal)
}

/** Returns the command line that makes a subscription which keeps what a topic gets. */
export function subscribe(topic: string): string {
  const { project, id } = parseName(topic)
  return gcloud(['pubsub', 'subscriptions', 'create', id], {
    project,
    topic: id,
    'ack-deadline': 60,
    'message-retention-duration': '31d',
    'expiration-period': 'never',
  })
}

async function publishFault(
  { topic, emulated, account }: CheckedTopic,
  google: GoogleApi,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (account !== undefined) return accountFault(topic, account, google, signal)
  const path = `/v1/${pathOf(topic)}`
  const answer = emulated
    ? await google.call({ api: 'pubsub', path, permission: 'pubsub.topics.get' }, signal)
    : await google.call(
        {
          api: 'pubsub',
          path: `${path}:testIamPermissions`,
          post: { permissions: [PUBLISH] },
          permission: PUBLISH,
        },
        signal,
      )
  const isPermitted =
    emulated || (answer.kind === 'found' && textsAt(answer.value, 'permissions').includes(PUBLISH))
  return faultIn(topic, answer, isPermitted)
}

function faultIn(topic: string, answer: GoogleAnswer, isPermitted: boolean): Finding | undefined {
  const name = `pubsub:${topic}`
  switch (answer.kind) {
    case 'found':
      if (isPermitted) return undefined
      return fail(`${name} does not exist, or these credentials lack roles/pubsub.publisher on it`)
    case 'missing':
      return fail(`${name} does not exist`)
    case 'forbidden':
      return fail(`${name} may not be published to: ${answer.text}`)
    case 'no_credentials':
      return fail(`${name} cannot be asked: ${answer.text}`)
    case 'failed':
      return warn(`${name} could not be asked: ${answer.text}`)
  }
}

async function accountFault(
  topic: string,
  account: string,
  google: GoogleApi,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const grant = await grantOf(
    google,
    {
      member: `serviceAccount:${account}`,
      roles: PUBLISHERS,
      on: policyOf(topic, 'topics'),
      project: parseName(topic).project,
    },
    signal,
  )
  switch (grant.kind) {
    case 'granted':
      return undefined
    case 'perhaps':
      return warn(
        `pubsub:${topic}: ${account} may publish perhaps: by a custom role, a condition or a group`,
      )
    case 'missing':
      return fail(`pubsub:${topic}: ${account} lacks roles/pubsub.publisher on it`)
    case 'unread':
      return skip(`pubsub:${topic}: ${grant.text}`)
  }
}

/** The call for the policy of a topic or a subscription. */
export function policyOf(name: string, kind: 'topics' | 'subscriptions') {
  return {
    api: 'pubsub',
    path: `/v1/${pathOf(name)}:getIamPolicy?options.requestedPolicyVersion=3`,
    permission: `pubsub.${kind}.getIamPolicy`,
  } as const
}
