import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { startMixpanelStandIn } from '../../../src/local/mixpanel-stand-in.ts'
import { createPusher } from '../../../src/local/pusher.ts'
import { startTokenIssuer } from '../../../src/local/token-issuer.ts'
import { spawnChecked } from '../../helpers/spawn-checked.ts'
import { aFolder, environmentOf } from '../../helpers/world.ts'

const TRANSFORM = `
export default function transform(input) {
  void Promise.reject(new Error(input.event))
  return input
}`

it('a promise that the transform leaves, and that is rejected, ends no process', async (t) => {
  const folder = await aFolder(t)
  const path = join(folder, 'transform.mjs')
  await writeFile(path, TRANSFORM)
  const mixpanel = await startMixpanelStandIn()
  t.after(() => mixpanel.close())
  const issuer = await startTokenIssuer()
  t.after(() => issuer.close())
  const env = { ...environmentOf(mixpanel, issuer, folder), TRANSFORM: path }
  const service = await spawnChecked(env)
  t.after(() => service.stop('SIGKILL'))
  const pusher = createPusher({ endpoint: `${service.url}/push`, token: () => issuer.token() })
  t.after(() => pusher.close())

  for (let push = 1; push <= 3; push += 1) {
    const data = JSON.stringify({ event: 'not-for-the-log', properties: { distinct_id: 'u' } })
    assert.equal((await pusher.push({ data })).status, 204)
  }

  assert.equal(await service.stop('SIGTERM'), 0)
  const told = service.logLines.filter((line) => line.includes('left a promise'))
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /"severity":"ERROR".*transform\.mjs:3:/)
  assert.ok(!service.logLines.join().includes('not-for-the-log'))
})
