import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { aFolder } from '../../helpers/world.ts'
import { FORBIDDEN } from './fake-google.ts'
import { aService, OF_SERVICE, SERVICE_PATH, startDoctorScene } from './scene.ts'

describe('the check of the configuration', () => {
  it('is good when the service would start with it', async (t) => {
    const scene = await startDoctorScene(t)

    assert.deepEqual(await scene.findings('configuration'), ['ok 7 variables; transform none'])
  })

  it('loads the transform', async (t) => {
    const scene = await startDoctorScene(t)
    const file = join(await aFolder(t), 'good.mjs')
    await writeFile(file, 'export default (input) => input')

    const found = await scene.findings('configuration', [], { env: { TRANSFORM: file } })

    assert.deepEqual(found, [`ok 8 variables; transform ${file}`])
  })

  it('fails for a transform that cannot be loaded', async (t) => {
    const scene = await startDoctorScene(t)
    const file = join(await aFolder(t), 'bad.mjs')
    await writeFile(file, 'export const other = 1')

    const [found = ''] = await scene.findings('configuration', [], { env: { TRANSFORM: file } })

    assert.match(found, /^fail TRANSFORM .*bad\.mjs must export a function/)
  })

  it('fails with every problem, and asks the others all the same', async (t) => {
    const scene = await startDoctorScene(t)
    const env = { PUSH_AUDIENCE: '', BATCH_MAX_EVENTS: '0' }

    const { code, out } = await scene.run([], { env })

    assert.equal(code, 1)
    assert.match(out, /^FAIL {2}configuration +BATCH_MAX_EVENTS must be a whole number/)
    assert.match(out, /\nFAIL {2}configuration +PUSH_AUDIENCE is required/)
    assert.match(out, /\nok {4}mixpanel /)
    assert.match(out, /\nok {4}keys /)
    assert.match(out, /\n2 failed\n$/)
  })

  it('warns of what the service warns of', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('configuration', [], { env: { PUSH_AUTH: 'none' } })

    assert.match(found.join(), /^warn PUSH_AUTH is none/)
  })

  it('reads the variables of the service, and none of the shell', async (t) => {
    const scene = await startDoctorScene(t)
    const env = { PUSH_AUDIENCE: '', BATCH_MAX_EVENTS: '0', MIXPANEL_PROJECT_TOKEN: '' }

    const found = await scene.findings('configuration', OF_SERVICE, { env })

    assert.deepEqual(found, [
      'ok 8 variables; transform none; not read, because a secret holds it: MIXPANEL_PROJECT_TOKEN',
    ])
  })

  it('fails for the variables of the service', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.has(SERVICE_PATH, aService({ env: { PUSH_AUTH: 'none' } }))

    const found = await scene.findings('configuration', OF_SERVICE)

    assert.match(found.join(), /^fail PUSH_AUTH must not be none on Cloud Run/)
  })

  it('fails when the service cannot be read', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(SERVICE_PATH, FORBIDDEN)

    const found = await scene.findings('configuration', OF_SERVICE)

    assert.deepEqual(found, ['fail no permission run.services.get'])
  })
})
