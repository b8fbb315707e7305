import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { diskUseOf } from '../../../src/cli/doctor/check-dead-letters.ts'
import { startPubsub } from '../../helpers/pubsub.ts'
import { aFolder } from '../../helpers/world.ts'
import { FORBIDDEN, policyWith } from './fake-google.ts'
import { DEAD_TOPIC, type DoctorScene, OF_SERVICE, RUN_ACCOUNT, startDoctorScene } from './scene.ts'

const TOPIC_PATH = `/v1/${DEAD_TOPIC}`
const IN_TOPIC = { DEAD_LETTER: `pubsub:${DEAD_TOPIC}` }
const RUN_MEMBER = `serviceAccount:${RUN_ACCOUNT}`

function permits(scene: DoctorScene, permissions = ['pubsub.topics.publish']): void {
  scene.google.has(`${TOPIC_PATH}:testIamPermissions`, { permissions })
  scene.google.has(`${TOPIC_PATH}/subscriptions`, {
    subscriptions: ['projects/p/subscriptions/dead'],
  })
}

describe('the check of dead letters in files', () => {
  it('writes, flushes and removes, and leaves no folder that it made', async (t) => {
    const scene = await startDoctorScene(t)
    const parent = await aFolder(t)
    const folder = join(parent, 'of', 'letters')

    const found = await scene.findings('dead-letters', [], {
      env: { DEAD_LETTER: `file:${folder}` },
    })

    assert.deepEqual(found, [`ok file:${folder}: writable, 50 % full`])
    assert.deepEqual(readdirSync(parent), [])
  })

  it('leaves a folder that was there, with its letters', async (t) => {
    const scene = await startDoctorScene(t)
    const folder = await aFolder(t)
    await writeFile(join(folder, 'letters.ndjson'), '{}\n')

    await scene.findings('dead-letters', [], { env: { DEAD_LETTER: `file:${folder}` } })

    assert.deepEqual(readdirSync(folder), ['letters.ndjson'])
    assert.ok(existsSync(folder))
  })

  for (const [use, kind] of [
    [0.899, 'ok'],
    [0.9, 'warn'],
    [1, 'warn'],
  ] as const) {
    it(`finds ${kind} on a disk that is ${use * 100} % full`, async (t) => {
      const scene = await startDoctorScene(t)
      const folder = await aFolder(t)

      const [found = ''] = await scene.findings('dead-letters', [], {
        env: { DEAD_LETTER: `file:${folder}` },
        world: { diskUse: async () => use },
      })

      assert.ok(found.startsWith(`${kind} file:`), found)
      assert.match(found, new RegExp(`${Math.floor(use * 100)} % full$`))
    })
  }

  it('fails when the folder cannot be written', async (t) => {
    const scene = await startDoctorScene(t)
    const file = join(await aFolder(t), 'a-file')
    await writeFile(file, '')

    const found = await scene.findings('dead-letters', [], { env: { DEAD_LETTER: `file:${file}` } })

    assert.match(found.join(), /^fail DEAD_LETTER=file: names a folder that cannot be written/)
  })

  it('knows the use of a real disk', async (t) => {
    const folder = join(await aFolder(t), 'x')
    await mkdir(folder)
    await chmod(folder, 0o700)

    const use = await diskUseOf(folder)

    assert.ok(use > 0 && use <= 1, String(use))
  })

  it('is skipped for a volume of a service on Cloud Run, and for a policy', async (t) => {
    const scene = await startDoctorScene(t)

    assert.match(
      (await scene.findings('dead-letters')).join(),
      /^skip they are left to the dead-letter policy/,
    )
  })
})

describe('the check of dead letters in a topic', () => {
  it('is good when these credentials may publish, and publishes nothing', async (t) => {
    const scene = await startDoctorScene(t)
    permits(scene)

    const found = await scene.findings('dead-letters', [], { env: IN_TOPIC })

    assert.deepEqual(found, [`ok pubsub:${DEAD_TOPIC}: these credentials may publish`])
    assert.deepEqual(scene.google.asked(), [
      `POST ${TOPIC_PATH}:testIamPermissions`,
      `GET ${TOPIC_PATH}/subscriptions`,
    ])
  })

  it('warns when no subscription keeps the letters', async (t) => {
    const scene = await startDoctorScene(t)
    permits(scene)
    scene.google.has(`${TOPIC_PATH}/subscriptions`, {})

    const found = await scene.findings('dead-letters', [], { env: IN_TOPIC })

    assert.deepEqual(found, [
      `warn pubsub:${DEAD_TOPIC} has no subscription: its letters are lost mend: ` +
        'gcloud pubsub subscriptions create dead --project p --topic dead --ack-deadline 60 ' +
        '--message-retention-duration 31d --expiration-period never',
    ])
  })

  it('fails when these credentials may not publish, or there is no topic', async (t) => {
    const scene = await startDoctorScene(t)

    const found = await scene.findings('dead-letters', [], { env: IN_TOPIC })

    assert.match(
      found.join(),
      /^fail .* does not exist, or these credentials lack roles\/pubsub.publisher on it$/,
    )
  })

  it('fails without credentials, and warns when Google gives no answer', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(`${TOPIC_PATH}:testIamPermissions`, { status: 503, body: '' })
    const withoutCredentials = {
      access: async () => ({ kind: 'refused', code: 'NO_CREDENTIALS' }) as const,
      forget: () => undefined,
    }

    const refused = await scene.findings('dead-letters', [], {
      env: IN_TOPIC,
      world: { credentials: withoutCredentials },
    })
    const silent = await scene.findings('dead-letters', [], { env: IN_TOPIC })

    assert.match(refused.join(), /^fail .* no Google credentials \(NO_CREDENTIALS\)/)
    assert.match(silent.join(), /^warn .* could not be asked: status 503$/)
  })

  it('asks an emulator for the topic itself, without credentials', async (t) => {
    const scene = await startDoctorScene(t)
    const pubsub = await startPubsub(t)
    const env = { ...IN_TOPIC, PUBSUB_EMULATOR_HOST: new URL(pubsub.url).host }

    const missing = await scene.findings('dead-letters', [], { env })
    pubsub.createTopic(DEAD_TOPIC)
    const found = await scene.findings('dead-letters', [], { env })

    assert.deepEqual(missing, [`fail pubsub:${DEAD_TOPIC} does not exist`])
    assert.deepEqual(found, [`ok pubsub:${DEAD_TOPIC} exists in an emulator, which keeps nothing`])
  })

  for (const [name, policy, project, kind] of [
    ['the topic grants it', policyWith(['roles/pubsub.publisher', RUN_MEMBER]), {}, 'ok'],
    ['the project grants it', {}, policyWith(['roles/pubsub.editor', RUN_MEMBER]), 'ok'],
    ['a custom role may', policyWith(['projects/p/roles/own', RUN_MEMBER]), {}, 'warn'],
    ['nothing grants it', policyWith(['roles/pubsub.viewer', RUN_MEMBER]), {}, 'fail'],
  ] as const) {
    it(`looks for a grant to the account of the service: ${kind} when ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      permits(scene, [])
      scene.google.has(`${TOPIC_PATH}:getIamPolicy`, policy)
      scene.google.has('/v3/projects/p:getIamPolicy', project)

      const [found = ''] = await scene.findings('dead-letters', OF_SERVICE)

      assert.ok(found.startsWith(`${kind} pubsub:${DEAD_TOPIC}: ${RUN_ACCOUNT}`), found)
    })
  }

  it('is skipped when the policy may not be read', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(`${TOPIC_PATH}:getIamPolicy`, FORBIDDEN)

    const found = await scene.findings('dead-letters', OF_SERVICE)

    assert.match(found.join(), /^skip .*: no permission pubsub\.topics\.getIamPolicy$/)
  })
})
