import assert from 'node:assert/strict'
import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { aFolder } from '../../helpers/world.ts'
import type { Sabotage } from './saboteurs.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** The entry file of a copy of the service with this fault in it. */
export async function sabotagedService(
  t: TestContext,
  { file, original, sabotaged }: Sabotage,
): Promise<string> {
  const folder = await aFolder(t)
  const path = join(folder, 'src', file)
  await cp(join(ROOT, 'src'), join(folder, 'src'), { recursive: true })
  await cp(join(ROOT, 'package.json'), join(folder, 'package.json'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const source = await readFile(path, 'utf8')
  assert.equal(source.split(original).length, 2, `once in ${file}: ${original}`)
  await writeFile(
    path,
    source.replace(original, () => sabotaged),
  )
  return join(folder, 'src', 'main.ts')
}
