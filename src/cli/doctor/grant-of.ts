import type { GoogleAnswer, GoogleApi, GoogleCall } from './google-api.ts'
import { betterOf, type Grant, grantIn } from './policy.ts'

/** A grant that is looked for. */
export interface WantedGrant {
  /** As in `serviceAccount:E`. */
  readonly member: string
  /** The roles of which one is enough, the advised one first. */
  readonly roles: readonly string[]
  /** The call for the policy of the resource itself. */
  readonly on: GoogleCall
  /** The project whose policy is inherited. */
  readonly project: string
}

export type FoundGrant = Readonly<
  | { kind: Grant }
  /** A policy that decides could not be read; the text says why. */
  | { kind: 'unread'; text: string }
>

/** Looks for a grant on the resource, and then on its project. Folders above are not read. */
export async function grantOf(
  google: Pick<GoogleApi, 'call'>,
  { member, roles, on, project }: WantedGrant,
  signal: AbortSignal,
): Promise<FoundGrant> {
  const own = await google.call(on, signal)
  if (own.kind !== 'found' && own.kind !== 'forbidden') return { kind: 'unread', text: textOf(own) }
  const direct = own.kind === 'found' ? grantIn(own.value, member, roles) : 'missing'
  if (direct === 'granted') return { kind: direct }
  const inherited = await google.call(projectPolicy(project), signal)
  if (inherited.kind !== 'found') return { kind: 'unread', text: textOf(own, inherited) }
  const best = betterOf(direct, grantIn(inherited.value, member, roles))
  if (own.kind === 'forbidden' && best !== 'granted') return { kind: 'unread', text: own.text }
  return { kind: best }
}

/** The call for the policy of a project. */
export function projectPolicy(project: string): GoogleCall {
  return {
    api: 'projects',
    path: `/v3/projects/${encodeURIComponent(project)}:getIamPolicy`,
    post: { options: { requestedPolicyVersion: 3 } },
    permission: 'resourcemanager.projects.getIamPolicy',
  }
}

/** Returns the text of the first answer that gave nothing. */
function textOf(...answers: readonly GoogleAnswer[]): string {
  const first = answers.find(({ kind }) => kind !== 'found')
  if (first === undefined || first.kind === 'found') return 'no answer'
  return first.kind === 'missing' ? 'the resource does not exist' : first.text
}
