import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import packageJson from '../../package.json' with { type: 'json' }
import lock from '../../package-lock.json' with { type: 'json' }

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

describe('npm run sbom', () => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'sbom'], {
    cwd: ROOT,
    encoding: 'utf8',
  })

  it('prints CycloneDX of this package and version', () => {
    assert.equal(status, 0, stderr)
    const { bomFormat, specVersion, metadata } = JSON.parse(stdout)
    const { name, version, purl } = metadata.component
    assert.equal(bomFormat, 'CycloneDX')
    assert.match(specVersion, /^1\.[5-9]$/)
    assert.deepEqual([name, version], [packageJson.name, packageJson.version])
    assert.equal(purl, `pkg:npm/${packageJson.name}@${packageJson.version}`)
  })

  it('lists each package that the lock file has for the run, with its hash, and no other', () => {
    const locked = Object.entries<{ version?: string; dev?: boolean }>(lock.packages)
      .filter(([path, { dev }]) => path !== '' && dev !== true)
      .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`)

    const { components }: { components: readonly Component[] } = JSON.parse(stdout)

    const listed = components.map(({ name, version }) => `${name}@${version}`)
    assert.deepEqual([...new Set(listed)].sort(), [...new Set(locked)].sort())
    for (const name of Object.keys(packageJson.dependencies)) {
      assert.ok(components.some((one) => one.name === name, name))
    }
    for (const { name, hashes = [] } of components) {
      assert.equal(hashes[0]?.alg, 'SHA-512', name)
    }
  })
})

interface Component {
  readonly name: string
  readonly version: string
  readonly hashes?: readonly { readonly alg: string }[]
}
