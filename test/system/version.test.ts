import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { program } from '../../src/cli/commands.ts'
import { createFakeIo } from '../helpers/fake-io.ts'
import { startWorld } from '../helpers/world.ts'

const { version } = packageJson
const SOURCES = join(import.meta.dirname, '../../src')

describe('the version of package.json', () => {
  it('is in the User-Agent of a request to Mixpanel, and in the metrics', async (t) => {
    const { pusher, mixpanel, service } = await startWorld(t)

    await pusher.push({ data: '{"event":"a","properties":{"distinct_id":"u-1"}}' })

    const agents = mixpanel.requests().map(({ headers }) => headers['user-agent'])
    assert.deepEqual(agents, [`pubsub-mixpanel/${version}`])
    const text = await service.metrics.text()
    assert.match(text, new RegExp(`^pubsub_mixpanel_build_info\\{version="${version}"\\} 1$`, 'm'))
  })

  it('is what --version prints', async () => {
    const io = createFakeIo()

    const code = await program.run(['--version'], io)

    assert.equal(code, 0)
    assert.equal(io.out().trim(), version)
  })

  it('is written down in no file of the sources', () => {
    const files = globSync('**/*.ts', { cwd: SOURCES })

    const holders = files.filter((file) =>
      readFileSync(join(SOURCES, file), 'utf8').includes(version),
    )

    assert.deepEqual(holders, [])
    assert.ok(files.length > 100)
  })
})
