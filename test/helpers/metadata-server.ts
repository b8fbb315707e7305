import type { TestContext } from 'node:test'
import { sendAnswer } from '../../src/local/answer.ts'
import { startLoopbackServer } from '../../src/local/loopback-server.ts'

/** Google's metadata server, where Cloud Run's service account has its tokens. */
export interface MetadataServer {
  /** The value for `GCE_METADATA_HOST`. */
  readonly host: string
  /** How often a token has been asked for. */
  asked(): number
}

/** Ends with the test. Answers each request for a token so, or with the token `t-N`. */
export async function startMetadataServer(t: TestContext, status = 200): Promise<MetadataServer> {
  let asked = 0
  const headers = { 'metadata-flavor': 'Google' }
  const server = await startLoopbackServer(
    { name: 'the metadata server', port: 0 },
    async (request, response) => {
      if (!request.url?.includes('/token')) return sendAnswer(response, { status: 200, headers })
      asked += 1
      const token = { access_token: `t-${asked}`, expires_in: 3_600, token_type: 'Bearer' }
      sendAnswer(response, { status, headers, body: status === 200 ? token : 'hush' })
    },
  )
  t.after(() => server.close())
  return { host: new URL(server.url).host, asked: () => asked }
}
