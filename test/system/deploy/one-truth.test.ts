import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { textOf } from '../../docs/markdown.ts'
import { allFaults, FILES } from './one-truth.ts'
import { SLIPS } from './slips.ts'

const TEXTS = Object.fromEntries(FILES.map((path) => [path, textOf(path)]))

describe('the descriptions of the deployment', () => {
  it('agree with each other and with the code', async () => {
    assert.deepEqual(await allFaults(TEXTS), [])
  })

  for (const { name, file, text, instead, fault } of SLIPS) {
    it(`have a fault when ${name}`, async () => {
      const before = TEXTS[file] ?? ''
      assert.ok(before.includes(text), `${file} has no ${text}`)

      const faults = await allFaults({ ...TEXTS, [file]: before.replaceAll(text, () => instead) })

      assert.match(faults.join('\n'), fault)
    })
  }

  it('have a fault when a file of the module can’t be read', async () => {
    const path = 'deploy/terraform/main.tf'

    await assert.rejects(
      allFaults({ ...TEXTS, [path]: `${TEXTS[path]}\nresource "x" {` }),
      /main\.tf:\d+/,
    )
  })
})
