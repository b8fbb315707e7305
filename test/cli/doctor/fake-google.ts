import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { GoogleHosts } from '../../../src/cli/doctor/google-api.ts'
import { type Answer, sendAnswer } from '../../../src/local/answer.ts'
import { startLoopbackServer } from '../../../src/local/loopback-server.ts'

/** The access token that every request must carry. */
export const ACCESS_TOKEN = 'ya29.an-access-token'

/** The REST APIs of Pub/Sub, Cloud Run, IAM and Resource Manager, and the key server, on loopback. */
export interface FakeGoogle {
  readonly url: string
  readonly hosts: GoogleHosts
  /** Answers requests for a resource with this JSON. The path has no query. */
  has(path: string, resource: object): void
  /** Answers requests for a path so: with a refusal, for instance. */
  answers(path: string, answer: Answer | 'never'): void
  /** The requests so far, as `METHOD path`, without those for keys. */
  asked(): readonly string[]
  /** The number of requests for keys. */
  keyRequests(): number
  close(): Promise<void>
}

/** Starts it. A resource that it was not given does not exist. It ends with the test. */
export async function startFakeGoogle(t: TestContext): Promise<FakeGoogle> {
  const answers = new Map<string, Answer | 'never'>()
  const asked: string[] = []
  let keyRequests = 0
  const server = await startLoopbackServer(
    { name: 'Google', port: 0 },
    async (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://g')
      const path = decodeURIComponent(pathname)
      if (path === '/certs') keyRequests += 1
      else asked.push(`${request.method} ${path}`)
      const answer = await answerTo(path, request)
      if (answer !== 'never') sendAnswer(response, answer)
    },
  )
  t.after(() => server.close())
  const { url } = server
  return {
    url,
    hosts: { pubsub: url, run: url, iam: url, projects: url },
    has: (path, body) => answers.set(path, { status: 200, body }),
    answers: (path, answer) => answers.set(path, answer),
    asked: () => asked,
    keyRequests: () => keyRequests,
    close: server.close,
  }

  async function answerTo(path: string, request: IncomingMessage): Promise<Answer | 'never'> {
    const posted = request.method === 'POST' ? JSON.parse(await text(request)) : undefined
    const isKnown = request.headers.authorization === `Bearer ${ACCESS_TOKEN}`
    if (path !== '/certs' && !isKnown) return { status: 401, body: { error: { code: 401 } } }
    const answer = answers.get(path)
    if (answer !== undefined) return answer
    // Pub/Sub answers so for a topic that does not exist.
    if (path.endsWith(':testIamPermissions') && posted !== undefined)
      return { status: 200, body: {} }
    return { status: 404, body: { error: { code: 404, status: 'NOT_FOUND' } } }
  }
}

/** The refusal of a caller who lacks a permission. */
export const FORBIDDEN: Answer = {
  status: 403,
  body: { error: { code: 403, status: 'PERMISSION_DENIED' } },
}

/** A policy that gives a role to a member. */
export function policyWith(
  ...grants: readonly (readonly [role: string, member: string])[]
): object {
  return { bindings: grants.map(([role, member]) => ({ role, members: [member] })) }
}
