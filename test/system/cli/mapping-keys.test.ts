import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { mappingKeys, withoutMappingKeys } from '../../../src/cli/mapping-keys.ts'
import { aFolder } from '../../helpers/world.ts'

const OURS = { PUSH_AUDIENCE: 'a', INSERT_ID: 'content' }
const KEYS = { PUSH_AUDIENCES: 'a long random key', TRANSFORM_KEY: 'another long key' }

it('the keys that a mapping names are no variables of the service', async (t) => {
  const steps = Object.keys(KEYS).map((key) => ({ hash: 'ids', key }))
  const TRANSFORM = await aMapping(t, JSON.stringify({ version: 1, privacy: steps }))

  assert.deepEqual(await withoutMappingKeys({ ...OURS, ...KEYS, TRANSFORM }), {
    ...OURS,
    TRANSFORM,
  })
  const quoted = ` "${TRANSFORM}" `
  assert.deepEqual(await withoutMappingKeys({ ...KEYS, TRANSFORM: quoted }), { TRANSFORM: quoted })
})

it('a variable of the service stays one when a mapping names it', async (t) => {
  const privacy = [{ hash: 'ids', key: 'PUSH_AUDIENCE' }]
  const TRANSFORM = await aMapping(t, JSON.stringify({ version: 1, privacy }))

  assert.deepEqual(await withoutMappingKeys({ ...OURS, TRANSFORM }), { ...OURS, TRANSFORM })
})

it('the keys that a mapping names are told apart from all else in the environment', async (t) => {
  const named = [...Object.keys(KEYS), 'PUSH_AUDIENCE', 'NOT_SET', 'EMPTY']
  const privacy = named.map((key) => ({ hash: 'ids', key }))
  const TRANSFORM = await aMapping(t, JSON.stringify({ version: 1, privacy }))

  assert.deepEqual(await mappingKeys({ ...OURS, ...KEYS, EMPTY: '', TRANSFORM }), KEYS)
  assert.deepEqual(await mappingKeys({ ...OURS, ...KEYS }), {})
})

it('the environment stays as it is without a mapping that can be read', async (t) => {
  const broken = await aMapping(t, 'privacy: [')
  for (const TRANSFORM of [undefined, '', './map.mjs', join(broken, '..', 'none.yaml'), broken]) {
    const env = { ...OURS, ...KEYS, TRANSFORM }

    assert.deepEqual(await withoutMappingKeys(env), env)
  }
})

async function aMapping(t: TestContext, text: string): Promise<string> {
  const path = join(await aFolder(t), 'mapping.yaml')
  await writeFile(path, text)
  return path
}
