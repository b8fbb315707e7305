import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeIo } from '../../helpers/fake-io.ts'
import { until } from '../../helpers/until.ts'
import { FORBIDDEN, policyWith } from './fake-google.ts'
import {
  aService,
  type DoctorScene,
  OF_SERVICE,
  PUSH_ACCOUNT,
  SERVICE_PATH,
  type ServiceChanges,
  startDoctorScene,
} from './scene.ts'

const UPDATE = 'gcloud run services update pubsub-mixpanel --region europe-west1 --project p'
const IAM = { env: { PUSH_AUTH: 'cloud-run-iam' } }
const INVOKER = 'roles/run.invoker'
const PUSHER = `serviceAccount:${PUSH_ACCOUNT}`
const IN_FILES = { env: { DEAD_LETTER: 'file:/mnt/letters/a' } }

const service = (scene: DoctorScene) => scene.findings('service', OF_SERVICE)

function mounted(volume: object, mountPath = '/mnt/letters'): ServiceChanges {
  return {
    ...IN_FILES,
    container: { volumeMounts: [{ name: 'v', mountPath }] },
    template: { volumes: [{ name: 'v', ...volume }] },
  }
}

const withContainer = (limits: object) => ({ container: { resources: { limits } } })

describe('the check of the service', () => {
  it('is good when all settings are', async (t) => {
    const scene = await startDoctorScene(t)

    assert.deepEqual(await service(scene), [
      'ok pubsub-mixpanel in europe-west1: 60 s, concurrency 500, 1024 MiB',
    ])
  })

  for (const [name, changes, expected] of [
    [
      'a short request timeout',
      { template: { timeout: '30s' } },
      `fail its request timeout is 30 s, PUSH_ACK_DEADLINE_SECONDS is 60: Cloud Run cuts off what is under way mend: ${UPDATE} --timeout 60`,
    ],
    [
      'a low concurrency',
      { template: { maxInstanceRequestConcurrency: 80 } },
      `warn its concurrency is 80: more instances send emptier batches mend: ${UPDATE} --concurrency 500`,
    ],
    [
      'the default concurrency',
      { template: { maxInstanceRequestConcurrency: undefined } },
      `warn its concurrency is 80: more instances send emptier batches mend: ${UPDATE} --concurrency 500`,
    ],
    [
      'memory for a trickle',
      withContainer({ memory: '256Mi' }),
      `warn it has 256 MiB of memory, which is enough for a trickle only mend: ${UPDATE} --memory 512Mi`,
    ],
    [
      'too little memory',
      withContainer({ memory: '128Mi' }),
      `fail it has 128 MiB of memory, and needs 256 MiB at least mend: ${UPDATE} --memory 512Mi`,
    ],
    [
      'no volume',
      IN_FILES,
      'fail file:/mnt/letters/a lies on no mounted volume, so its letters are lost with the instance',
    ],
    [
      'a volume elsewhere',
      mounted({ nfs: {} }, '/mnt/letter'),
      'fail file:/mnt/letters/a lies on no mounted volume, so its letters are lost with the instance',
    ],
    [
      'a volume in memory',
      mounted({ emptyDir: { medium: 'MEMORY' } }),
      'fail file:/mnt/letters/a lies on no mounted volume, so its letters are lost with the instance',
    ],
    [
      'a bucket that is read-only',
      mounted({ gcs: { bucket: 'b', readOnly: true } }),
      'fail file:/mnt/letters/a lies on a volume that is mounted read-only',
    ],
    [
      'a bucket with streaming writes',
      mounted({ gcs: { bucket: 'b' } }),
      'warn file:/mnt/letters/a lies on a bucket with streaming writes: a letter may be lost after its ack. Mount it with enable-streaming-writes=false',
    ],
  ] as const) {
    it(`finds ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(SERVICE_PATH, aService(changes))

      assert.deepEqual(await service(scene), [expected])
    })
  }

  for (const [name, changes] of [
    ['a share', mounted({ nfs: { server: 's' } })],
    ['a share at the folder itself', mounted({ nfs: {} }, '/mnt/letters/a/')],
    ['a bucket', mounted({ gcs: { mountOptions: ['uid=1000', 'enable-streaming-writes=false'] } })],
    ['the least good memory', withContainer({ memory: '536870912' })],
    ['memory in other units', withContainer({ memory: '1G' })],
  ] as const) {
    it(`is good with ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(SERVICE_PATH, aService(changes))

      assert.match((await service(scene)).join(), /^ok /)
    })
  }

  it('reads the container that takes requests', async (t) => {
    const scene = await startDoctorScene(t)
    const json = Object(aService())
    json.template.containers.unshift({
      image: 'sidecar',
      resources: { limits: { memory: '64Mi' } },
    })
    scene.google.has(SERVICE_PATH, json)

    assert.match((await service(scene)).join(), /^ok /)
  })

  const open = policyWith([INVOKER, 'allUsers'], [INVOKER, PUSHER])
  for (const [name, changes, policy, expected] of [
    [
      'an open door',
      IAM,
      open,
      `fail everyone may invoke it, and PUSH_AUTH is cloud-run-iam: everyone can write into the Mixpanel project mend: gcloud run services remove-iam-policy-binding pubsub-mixpanel --region europe-west1 --project p --member allUsers --role ${INVOKER}`,
    ],
    [
      'an open door without IAM',
      { ...IAM, invokerIamDisabled: true },
      policyWith([INVOKER, PUSHER]),
      `fail everyone may invoke it, and PUSH_AUTH is cloud-run-iam: everyone can write into the Mixpanel project mend: ${UPDATE} --invoker-iam-check`,
    ],
    [
      'a door for everyone with an account',
      IAM,
      policyWith([INVOKER, 'allAuthenticatedUsers'], [INVOKER, PUSHER]),
      `warn everyone with a Google account may invoke it; the push account alone needs to mend: gcloud run services remove-iam-policy-binding pubsub-mixpanel --region europe-west1 --project p --member allAuthenticatedUsers --role ${INVOKER}`,
    ],
    [
      'a push account that may not invoke it',
      IAM,
      {},
      `fail ${PUSH_ACCOUNT} lacks roles/run.invoker on it: Cloud Run answers its pushes 403, and no log shows it`,
    ],
    [
      'a push account with a custom role',
      IAM,
      policyWith(['projects/p/roles/own', PUSHER]),
      `warn ${PUSH_ACCOUNT} may invoke it perhaps: by a custom role, a condition, a group or its project`,
    ],
    [
      'a private service that verifies tokens itself',
      {},
      policyWith([INVOKER, PUSHER]),
      `fail it is private, and PUSH_AUTH is oidc: Cloud Run removes the signature of each token, and the service answers 401 mend: ${UPDATE} --update-env-vars PUSH_AUTH=cloud-run-iam`,
    ],
    ['a private service behind IAM', IAM, policyWith([INVOKER, PUSHER]), undefined],
    ['a public service that verifies tokens', { invokerIamDisabled: true }, {}, undefined],
  ] as const) {
    it(`compares the people who may invoke it with PUSH_AUTH: ${name}`, async (t) => {
      const scene = await startDoctorScene(t)
      scene.google.has(SERVICE_PATH, aService(changes))
      scene.google.has(`${SERVICE_PATH}:getIamPolicy`, policy)

      const found = await service(scene)

      if (expected === undefined) assert.match(found.join(), /^ok /)
      else assert.deepEqual(found, [expected])
    })
  }

  it('takes the grants of the project into account', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.has(SERVICE_PATH, aService(IAM))
    scene.google.has(`${SERVICE_PATH}:getIamPolicy`, {})
    scene.google.has('/v3/projects/p:getIamPolicy', policyWith([INVOKER, PUSHER]))
    const inherited = await service(scene)
    scene.google.answers('/v3/projects/p:getIamPolicy', FORBIDDEN)
    const unread = await service(scene)

    assert.match(inherited.join(), /^ok /)
    assert.match(unread.join(), /^warn .* may invoke it perhaps/)
  })

  it('fails when it does not exist, and is skipped when it may not be read', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(SERVICE_PATH, { status: 404, body: '' })
    const missing = await service(scene)
    scene.google.answers(SERVICE_PATH, FORBIDDEN)
    const forbidden = await service(scene)

    assert.deepEqual(missing, ['fail there is no service pubsub-mixpanel in europe-west1 of p'])
    assert.deepEqual(forbidden, ['skip no permission run.services.get'])
  })

  it('is skipped after five seconds without an answer, like all that needs its variables', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(SERVICE_PATH, 'never')
    const io = createFakeIo({ env: scene.env })

    const running = scene.run(OF_SERVICE, { io })
    await until('the request', () => scene.google.asked().length === 1)
    await io.clock.advance(5_000)

    const { code, out } = await running
    assert.equal(code, 1)
    assert.match(
      out,
      /^FAIL {2}configuration +Cloud Run gives no answer: TIMED_OUT\nskip {2}clock /,
    )
    assert.match(out, /\nskip {2}service +Cloud Run gives no answer: TIMED_OUT\n1 failed\n$/)
  })

  it('says so when the API is not enabled', async (t) => {
    const scene = await startDoctorScene(t)
    const message =
      'Cloud Run Admin API has not been used in project 4711 before or it is disabled.'
    const error = { code: 403, status: 'PERMISSION_DENIED', message }
    scene.google.answers(SERVICE_PATH, { status: 403, body: { error } })

    assert.deepEqual(await service(scene), [
      'skip its API is not enabled, so run.services.get could not be used',
    ])
  })

  it('is skipped when its policy may not be read', async (t) => {
    const scene = await startDoctorScene(t)
    scene.google.answers(`${SERVICE_PATH}:getIamPolicy`, FORBIDDEN)

    assert.deepEqual(await service(scene), ['skip no permission run.services.getIamPolicy'])
  })
})
