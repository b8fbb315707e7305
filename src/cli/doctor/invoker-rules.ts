import type { Config } from '../../config/load-config.ts'
import { type Finding, fail, skip, warn } from './finding.ts'
import { gcloud } from './gcloud.ts'
import type { GoogleApi } from './google-api.ts'
import { projectPolicy } from './grant-of.ts'
import { BASIC_ROLES, betterOf, type Grant, grantIn } from './policy.ts'
import { type Service, servicePath } from './run-service.ts'
import { serviceUpdate, setVariable } from './service-update.ts'

interface Around {
  readonly google: GoogleApi
  readonly signal: AbortSignal
}

/** The roles that may invoke a service. */
const INVOKERS: readonly string[] = [
  'roles/run.invoker',
  'roles/run.servicesInvoker',
  'roles/run.developer',
  'roles/run.admin',
  ...BASIC_ROLES,
]

/** Compares the people whom Cloud Run lets in with `PUSH_AUTH`. */
export async function accessFindings(
  service: Service,
  config: Config,
  around: Around,
): Promise<readonly Finding[]> {
  const { auth } = config.push
  if (service.isInvokerCheckOff) return auth.kind === 'cloud_run_iam' ? [openDoor(service)] : []
  const access = await readAccess(service, around)
  if (access.kind === 'unread') return [skip(access.text)]
  const isPublic = access.grantFor('allUsers') === 'granted'
  if (auth.kind === 'oidc') return isPublic ? [] : [signatureRemoved(service)]
  if (auth.kind === 'none') return []
  if (isPublic) return [openDoor(service)]
  return [
    ...(access.grantFor('allAuthenticatedUsers') === 'granted' ? [wideDoor(service)] : []),
    ...auth.serviceAccounts.flatMap((email) => {
      return invokerFault(email, access.grantFor(`serviceAccount:${email}`))
    }),
  ]
}

type Access = Readonly<
  { kind: 'read'; grantFor: (member: string) => Grant } | { kind: 'unread'; text: string }
>

/** Reads the policies of the service and of its project. */
async function readAccess(service: Service, { google, signal }: Around): Promise<Access> {
  const permission = 'run.services.getIamPolicy'
  const path = `${servicePath(service)}:getIamPolicy?options.requestedPolicyVersion=3`
  const [own, inherited] = await Promise.all([
    google.call({ api: 'run', path, permission }, signal),
    google.call(projectPolicy(service.project), signal),
  ])
  if (own.kind === 'missing') return { kind: 'unread', text: 'the service does not exist' }
  if (own.kind !== 'found') return { kind: 'unread', text: own.text }
  const policies = inherited.kind === 'found' ? [own.value, inherited.value] : [own.value]
  // The account may be let in by the project, which was not read.
  const otherwise: Grant = inherited.kind === 'found' ? 'missing' : 'perhaps'
  return { kind: 'read', grantFor }

  function grantFor(member: string): Grant {
    const grants = policies.map((policy) => grantIn(policy, member, INVOKERS))
    return [...grants, otherwise].reduce(betterOf)
  }
}

/** On a public service nobody verifies the token, and its signature is not looked at. */
function openDoor(service: Service): Finding {
  const text =
    'everyone may invoke it, and PUSH_AUTH is cloud-run-iam: everyone can write into the Mixpanel project'
  if (service.isInvokerCheckOff) {
    return fail(text, serviceUpdate(service, { 'invoker-iam-check': true }))
  }
  return fail(text, shut(service, 'allUsers'))
}

function wideDoor(service: Service): Finding {
  const text = 'everyone with a Google account may invoke it; the push account alone needs to'
  return warn(text, shut(service, 'allAuthenticatedUsers'))
}

function shut({ name, region, project }: Service, member: string): string {
  return gcloud(['run', 'services', 'remove-iam-policy-binding', name], {
    region,
    project,
    member,
    role: 'roles/run.invoker',
  })
}

function signatureRemoved(service: Service): Finding {
  const text =
    'it is private, and PUSH_AUTH is oidc: Cloud Run removes the signature of each token, and the service answers 401'
  return fail(text, setVariable(service, 'PUSH_AUTH', 'cloud-run-iam'))
}

function invokerFault(email: string, grant: Grant): readonly Finding[] {
  switch (grant) {
    case 'granted':
      return []
    case 'perhaps':
      return [
        warn(
          `${email} may invoke it perhaps: by a custom role, a condition, a group or its project`,
        ),
      ]
    case 'missing':
      return [
        fail(
          `${email} lacks roles/run.invoker on it: Cloud Run answers its pushes 403, and no log shows it`,
        ),
      ]
  }
}
