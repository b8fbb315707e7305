import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FORBIDDEN, policyWith } from './fake-google.ts'
import {
  AGENT,
  aSubscription,
  DEAD_TOPIC,
  type DoctorScene,
  OF_SUBSCRIPTION,
  PUSH_ACCOUNT,
  SUBSCRIPTION,
  SUBSCRIPTION_PATH,
  startDoctorScene,
} from './scene.ts'

const ACCOUNT_POLICY = `/v1/projects/-/serviceAccounts/${PUSH_ACCOUNT}:getIamPolicy`
const PROJECT_POLICY = '/v3/projects/p:getIamPolicy'
const TOPIC_POLICY = `/v1/${DEAD_TOPIC}:getIamPolicy`
const SUBSCRIPTION_POLICY = `${SUBSCRIPTION_PATH}:getIamPolicy`
const CREATOR = 'roles/iam.serviceAccountTokenCreator'
const EMAIL = AGENT.replace('serviceAccount:', '')

const grants = (scene: DoctorScene) => scene.findings('grants', OF_SUBSCRIPTION)

/** A subscription with a dead-letter policy, and all grants. */
async function startWithPolicy(t: Parameters<typeof startDoctorScene>[0]): Promise<DoctorScene> {
  const scene = await startDoctorScene(t)
  scene.google.has(
    SUBSCRIPTION_PATH,
    aSubscription({ deadLetterPolicy: { deadLetterTopic: DEAD_TOPIC } }),
  )
  scene.google.has(TOPIC_POLICY, policyWith(['roles/pubsub.publisher', AGENT]))
  scene.google.has(SUBSCRIPTION_POLICY, policyWith(['roles/pubsub.subscriber', AGENT]))
  return scene
}

describe('the check of the grants', () => {
  it('is good when Pub/Sub’s agent can make tokens', async (t) => {
    const scene = await startDoctorScene(t)

    assert.deepEqual(await grants(scene), [
      "ok Pub/Sub's service agent has serviceAccountTokenCreator",
    ])
  })

  for (const role of [
    CREATOR,
    'roles/iam.serviceAccountOpenIdTokenCreator',
    'roles/pubsub.serviceAgent',
  ]) {
    it(`takes ${role} on the project, too`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(ACCOUNT_POLICY, {})
      scene.google.has(PROJECT_POLICY, policyWith([role, AGENT]))

      assert.match((await grants(scene)).join(), /^ok /)
    })
  }

  for (const [name, policy] of [
    ['no grant', {}],
    ['the grant of another project', policyWith([CREATOR, AGENT.replace('4711', '4712')])],
    ['another role', policyWith(['roles/iam.serviceAccountUser', AGENT])],
    ['a basic role, which makes no tokens', policyWith(['roles/editor', AGENT])],
    ['a basic role of a group', policyWith(['roles/owner', 'group:admins@example.com'])],
  ] as const) {
    it(`fails with ${name}, and tells no one to widen access by a command`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(ACCOUNT_POLICY, policy)

      assert.deepEqual(await grants(scene), [
        `fail serviceAccount:${EMAIL} lacks ${CREATOR} on ${PUSH_ACCOUNT}: Pub/Sub cannot make tokens`,
      ])
    })
  }

  for (const [name, binding] of [
    ['a condition', { role: CREATOR, members: [AGENT], condition: { expression: 'false' } }],
    ['a group', { role: CREATOR, members: ['group:agents@example.com'] }],
    ['a custom role', { role: 'projects/p/roles/own', members: [AGENT] }],
  ] as const) {
    it(`warns of ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(ACCOUNT_POLICY, { bindings: [binding] })

      assert.match(
        (await grants(scene)).join(),
        /^warn .* itself: by a custom role, a condition or a group perhaps\. Else Pub\/Sub cannot make tokens$/,
      )
    })
  }

  it('looks for publisher and subscriber where there is a dead-letter policy', async (t) => {
    const scene = await startWithPolicy(t)

    assert.deepEqual(await grants(scene), [
      "ok Pub/Sub's service agent has serviceAccountTokenCreator, publisher, subscriber",
    ])
  })

  it('fails for each grant of the policy that is missing', async (t) => {
    const scene = await startWithPolicy(t)
    scene.google.has(TOPIC_POLICY, {})
    scene.google.has(SUBSCRIPTION_POLICY, {})

    assert.deepEqual(await grants(scene), [
      `fail serviceAccount:${EMAIL} lacks roles/pubsub.publisher on ${DEAD_TOPIC}: the dead-letter policy does nothing, and messages come again for ever`,
      `fail serviceAccount:${EMAIL} lacks roles/pubsub.subscriber on ${SUBSCRIPTION}: the dead-letter policy counts no attempts, and messages come again for ever`,
    ])
  })

  for (const [path, said] of [
    ['/v3/projects/p', 'skip no permission resourcemanager.projects.get'],
    [ACCOUNT_POLICY, `skip ${PUSH_ACCOUNT}: no permission iam.serviceAccounts.getIamPolicy`],
    [SUBSCRIPTION_PATH, 'skip no permission pubsub.subscriptions.get'],
  ] as const) {
    it(`is skipped without permission for ${path}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.answers(path, FORBIDDEN)

      assert.deepEqual(await grants(scene), [said])
    })
  }

  it('is skipped, and does not fail, when the project’s policy cannot be read', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.has(ACCOUNT_POLICY, {})
    scene.google.answers(PROJECT_POLICY, FORBIDDEN)

    assert.deepEqual(await grants(scene), [
      `skip ${PUSH_ACCOUNT}: no permission resourcemanager.projects.getIamPolicy`,
    ])
  })

  it('is skipped without credentials', async (t) => {
    const scene = await startDoctorScene(t)
    const credentials = {
      access: async () => ({ kind: 'refused', code: 'NO_CREDENTIALS' }) as const,
      forget: () => undefined,
    }

    const found = await scene.findings('grants', OF_SUBSCRIPTION, { world: { credentials } })

    assert.deepEqual(found, [
      'skip no Google credentials (NO_CREDENTIALS): run gcloud auth application-default login',
    ])
  })
})
