import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { aFolder } from '../../helpers/world.ts'

const PAGE = await readFile(new URL('../../../docs/dead-letters.md', import.meta.url), 'utf8')
const HAS_JQ = spawnSync('jq', ['--version']).status === 0
describe('the recipe for letters of a topic', { skip: !HAS_JQ && 'no jq' }, () => {
  it('mends data that is text, keeps all other data, and keeps the attributes', async (t) => {
    const [, mend = ''] = /\n(jq '\{messages: .*? > replay\.json)\n/s.exec(PAGE) ?? []
    const folder = await aFolder(t)
    const gzip = gzipSync('{"time":"yesterday"}').toString('base64')
    const text = Buffer.from('{"time":"yesterday","é":1}').toString('base64')
    const attributes = { 'pubsub-mixpanel-id': '77-1' }
    const letters = [{ data: text, attributes }, { data: gzip }, { attributes }]
    const pulled = letters.map((message) => ({ message }))
    await writeFile(join(folder, 'letters.json'), JSON.stringify(pulled))

    execFileSync('sh', ['-ec', mend], { cwd: folder })

    const { messages } = JSON.parse(await readFile(join(folder, 'replay.json'), 'utf8'))
    assert.deepEqual(messages, [
      { attributes, data: Buffer.from('{"time":"2026-11-23","é":1}').toString('base64') },
      { attributes: null, data: gzip },
      { attributes, data: '' },
    ])
  })
})
