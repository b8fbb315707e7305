import type { Config } from '../../config/load-config.ts'
import { askSubscription } from './check-subscription.ts'
import { PUBLISHERS, policyOf } from './check-topic.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import type { GoogleApi } from './google-api.ts'
import { type FoundGrant, grantOf, type WantedGrant } from './grant-of.ts'
import { textAt } from './json-at.ts'
import { BASIC_ROLES } from './policy.ts'
import { parseName } from './resource-name.ts'
import type { SettingsReader } from './settings.ts'
import { withSettings } from './with-settings.ts'

export interface GrantsDeps {
  /** The full name, `projects/P/subscriptions/S`. */
  readonly name: string
  readonly settings: SettingsReader
  readonly google: GoogleApi
}

/** A grant, and what is silent without it. */
interface Needed extends WantedGrant {
  /** The resource, for texts. */
  readonly place: string
  readonly without: string
}

const SUBSCRIBERS = [
  'roles/pubsub.subscriber',
  'roles/pubsub.editor',
  'roles/pubsub.admin',
  ...BASIC_ROLES,
]
/**
 * The roles that may make tokens. The last one is granted to the agent of newer projects by Google
 * itself.
 */
const TOKEN_CREATORS = [
  'roles/iam.serviceAccountTokenCreator',
  'roles/iam.serviceAccountOpenIdTokenCreator',
  'roles/pubsub.serviceAgent',
]

/** Checks the grants of Pub/Sub's service agent. Most failures without one are silent. */
export function checkGrants(deps: GrantsDeps, signal: AbortSignal): Promise<readonly Finding[]> {
  return withSettings(deps.settings, 'push', async (config) => {
    const { google, name } = deps
    if (google.emulated) return [skip('an emulator of Pub/Sub knows no grants')]
    const answer = await askSubscription(google, name, signal)
    if (answer.kind === 'missing') return [skip(`there is no subscription ${name}`)]
    if (answer.kind !== 'found') return [skip(answer.text)]
    const agent = await agentOf(parseName(name).project, google, signal)
    if (agent.kind === 'unread') return [skip(agent.text)]
    const needed = neededGrants(name, answer.value, config).map((make) => make(agent.email))
    if (needed.length === 0) return [ok('none is needed')]
    return findingsOn(needed, google, signal)
  })
}

type Agent = Readonly<{ kind: 'email'; email: string } | { kind: 'unread'; text: string }>

/** The name of Pub/Sub's service agent has the number of the project. */
async function agentOf(project: string, google: GoogleApi, signal: AbortSignal): Promise<Agent> {
  const answer = await google.call(
    {
      api: 'projects',
      path: `/v3/projects/${encodeURIComponent(project)}`,
      permission: 'resourcemanager.projects.get',
    },
    signal,
  )
  if (answer.kind === 'missing') return { kind: 'unread', text: `there is no project ${project}` }
  if (answer.kind !== 'found') return { kind: 'unread', text: answer.text }
  const [, number] = /^projects\/(\d+)$/.exec(textAt(answer.value, 'name') ?? '') ?? []
  if (number === undefined) return { kind: 'unread', text: 'the project has no number' }
  return { kind: 'email', email: `service-${number}@gcp-sa-pubsub.iam.gserviceaccount.com` }
}

function neededGrants(
  name: string,
  subscription: unknown,
  config: Config,
): readonly ((agent: string) => Needed)[] {
  const account = textAt(subscription, 'pushConfig', 'oidcToken', 'serviceAccountEmail')
  const topic = textAt(subscription, 'deadLetterPolicy', 'deadLetterTopic')
  const tokens = account !== undefined && config.push.auth.kind !== 'none'
  return [
    ...(tokens ? [tokenCreator(account, name)] : []),
    ...(topic?.startsWith('projects/') ? [publisher(topic), subscriber(name)] : []),
  ]
}

function tokenCreator(account: string, subscription: string): (agent: string) => Needed {
  // The project in the e-mail address, where the account is an ordinary one.
  const [, owner] = /@([^.]+)\.iam\.gserviceaccount\.com$/.exec(account) ?? []
  return (agent) => ({
    member: `serviceAccount:${agent}`,
    roles: TOKEN_CREATORS,
    on: {
      api: 'iam',
      path: `/v1/projects/-/serviceAccounts/${encodeURIComponent(account)}:getIamPolicy?options.requestedPolicyVersion=3`,
      post: {},
      permission: 'iam.serviceAccounts.getIamPolicy',
    },
    project: owner ?? parseName(subscription).project,
    place: account,
    without: 'Pub/Sub cannot make tokens',
  })
}

function publisher(topic: string): (agent: string) => Needed {
  return (agent) => ({
    member: `serviceAccount:${agent}`,
    roles: PUBLISHERS,
    on: policyOf(topic, 'topics'),
    project: parseName(topic).project,
    place: topic,
    without: 'the dead-letter policy does nothing, and messages come again for ever',
  })
}

function subscriber(name: string): (agent: string) => Needed {
  return (agent) => ({
    member: `serviceAccount:${agent}`,
    roles: SUBSCRIBERS,
    on: policyOf(name, 'subscriptions'),
    project: parseName(name).project,
    place: name,
    without: 'the dead-letter policy counts no attempts, and messages come again for ever',
  })
}

async function findingsOn(
  needed: readonly Needed[],
  google: GoogleApi,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const grants = await Promise.all(needed.map((one) => grantOf(google, one, signal)))
  const faults = needed.flatMap((one, at) => faultOf(one, grants[at]))
  if (faults.length > 0) return faults
  const roles = needed.map(({ roles: [advised] }) => advised?.replace(/^.*\./, ''))
  return [ok(`Pub/Sub's service agent has ${roles.join(', ')}`)]
}

function faultOf(
  { member, roles, place, without }: Needed,
  grant?: FoundGrant,
): readonly Finding[] {
  const what = `${member} lacks ${roles[0]} on ${place}`
  switch (grant?.kind) {
    case 'missing':
      return [fail(`${what}: ${without}`)]
    case 'perhaps':
      return [
        warn(`${what} itself: by a custom role, a condition or a group perhaps. Else ${without}`),
      ]
    case 'unread':
      return [skip(`${place}: ${grant.text}`)]
    default:
      return []
  }
}
