import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Answer, sendAnswer } from '../../src/local/answer.ts'
import { startLoopbackServer } from '../../src/local/loopback-server.ts'
import { createProjectId } from '../../src/telemetry/project-id.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { freePorts } from '../helpers/free-ports.ts'
import { settled, until } from '../helpers/until.ts'

const GOOD = { status: 200, headers: { 'metadata-flavor': 'Google' }, body: 'my-project' }

/** A metadata server that answers so. */
async function startServer(t: TestContext, answer: Answer | 'none') {
  const asked: string[] = []
  const server = await startLoopbackServer(
    { name: 'the metadata server', port: 0 },
    async (request, response) => {
      asked.push(`${request.url} ${request.headers['metadata-flavor']}`)
      if (answer !== 'none') sendAnswer(response, answer)
    },
  )
  t.after(() => server.close())
  return { metadataHost: new URL(server.url).host, asked }
}

describe('the id of the project', () => {
  it('is what the metadata server answers', async (t) => {
    const { metadataHost, asked } = await startServer(t, GOOD)
    const project = createProjectId({ given: undefined, metadataHost }, createFakeClock())

    assert.equal(project.id(), undefined)
    await settled('the answer', project.ask())

    assert.equal(project.id(), 'my-project')
    assert.deepEqual(asked, ['/computeMetadata/v1/project/project-id Google'])
  })

  it('is what the owner gave, and nothing is asked', async (t) => {
    const { metadataHost, asked } = await startServer(t, GOOD)
    const project = createProjectId({ given: 'given', metadataHost }, createFakeClock())

    await project.ask()

    assert.equal(project.id(), 'given')
    assert.deepEqual(asked, [])
  })

  it('is not known where there is no metadata server', async () => {
    const port = await freePorts(1)
    for (const metadataHost of [undefined, `127.0.0.1:${port}`, 'no host']) {
      const project = createProjectId({ given: undefined, metadataHost }, createFakeClock())

      await settled('the answer', project.ask())

      assert.equal(project.id(), undefined)
    }
  })

  for (const [what, answer] of [
    ['another status', { ...GOOD, status: 404 }],
    ['the server of somebody else', { ...GOOD, headers: {} }],
    ['a page', { ...GOOD, body: '<html>hello</html>' }],
    ['a very long text', { ...GOOD, body: 'a'.repeat(100) }],
  ] as const) {
    it(`is not known after ${what}`, async (t) => {
      const { metadataHost } = await startServer(t, answer)
      const project = createProjectId({ given: undefined, metadataHost }, createFakeClock())

      await settled('the answer', project.ask())

      assert.equal(project.id(), undefined)
    })
  }

  it('is given up after two seconds', async (t) => {
    const { metadataHost, asked } = await startServer(t, 'none')
    const clock = createFakeClock()
    const project = createProjectId({ given: undefined, metadataHost }, clock)

    const ended = project.ask()
    await until('it is asked', () => asked.length === 1)
    await clock.advance(2_000)

    await settled('the end', ended)
    assert.equal(project.id(), undefined)
    assert.equal(clock.pending(), 0)
  })
})
