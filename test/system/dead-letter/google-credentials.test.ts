import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { bundleModule } from '../../../tools/bundle.ts'
import { startMetadataServer } from '../../helpers/metadata-server.ts'
import { aFolder } from '../../helpers/world.ts'

const ASK = `
  const { createGoogleCredentials } = await import(process.argv[1])
  const credentials = createGoogleCredentials()
  const answers = [await credentials.access()]
  if (answers[0].kind === 'granted') {
    answers.push(await credentials.access())
    credentials.forget()
    answers.push(await credentials.access())
  }
  console.log(JSON.stringify(answers))
`

/**
 * The answers of the bundled credentials in a process with this environment. A grant is asked for
 * three times: twice, and once more after it was forgotten. A refusal is asked for once.
 */
async function answersWith(t: TestContext, env: Record<string, string>): Promise<unknown> {
  const folder = await aFolder(t)
  const file = join(folder, 'credentials.js')
  await bundleModule('src/dead-letter/google-credentials.ts', file)
  const run = promisify(execFile)
  const options = { env: { HOME: folder, ...env }, cwd: folder }
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', ASK, file], options)
  return JSON.parse(stdout)
}

describe('Google’s credentials, out of the bundle,', () => {
  it('are a token of the metadata server, kept until it is forgotten', async (t) => {
    const metadata = await startMetadataServer(t)

    const answers = await answersWith(t, {
      GCE_METADATA_HOST: metadata.host,
      METADATA_SERVER_DETECTION: 'assume-present',
    })

    const granted = (token: string) => {
      return { kind: 'granted', headers: { authorization: `Bearer ${token}` } }
    }
    assert.deepEqual(answers, [granted('t-1'), granted('t-1'), granted('t-2')])
    assert.equal(metadata.asked(), 2)
  })

  it('are refused when the service account has none', async (t) => {
    const metadata = await startMetadataServer(t, 404)

    const answers = await answersWith(t, {
      GCE_METADATA_HOST: metadata.host,
      METADATA_SERVER_DETECTION: 'assume-present',
    })

    const refused = { kind: 'refused', code: 'CREDENTIALS_REFUSED' }
    assert.deepEqual(answers, [refused])
  })

  it('are refused when there are none on this machine', async (t) => {
    const answers = await answersWith(t, { METADATA_SERVER_DETECTION: 'none' })

    const refused = { kind: 'refused', code: 'NO_CREDENTIALS' }
    assert.deepEqual(answers, [refused])
  })

  it('are unavailable when the metadata server cannot be reached', async (t) => {
    const answers = await answersWith(t, {
      GCE_METADATA_HOST: '127.0.0.1:1',
      METADATA_SERVER_DETECTION: 'assume-present',
    })

    const unavailable = { kind: 'unavailable', code: 'CREDENTIALS_UNAVAILABLE' }
    assert.deepEqual(answers, [unavailable])
  })
})
