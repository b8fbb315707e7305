import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import lock from '../../package-lock.json' with { type: 'json' }
import renovate from '../../renovate.json' with { type: 'json' }
import { textOf } from './markdown.ts'

const DOCKERFILE = textOf('Dockerfile')

describe('the supply chain', () => {
  it('pins each package, and the lock file has its hash', () => {
    for (const version of Object.values({
      ...packageJson.dependencies,
      ...packageJson.devDependencies,
    })) {
      assert.match(version, /^\d+\.\d+\.\d+$/)
    }
    const { '': _, ...packages } = lock.packages
    for (const [path, entry] of Object.entries(packages)) {
      assert.match('integrity' in entry ? entry.integrity : '', /^sha512-/, path)
    }
    assert.ok(Object.keys(packages).length > 100)
  })

  it('runs no script of a package in the build', () => {
    const installs = DOCKERFILE.match(/npm (?:ci|i|install)\b.*/g) ?? []

    assert.equal(installs.length, 1)
    for (const install of installs) assert.match(install, / --ignore-scripts\b/)
  })

  it('runs as a user without rights', () => {
    const image = DOCKERFILE.slice(DOCKERFILE.lastIndexOf('\nFROM '))

    assert.deepEqual(image.match(/^USER .*$/gm), ['USER node'])
  })

  it('waits two weeks for each release', () => {
    const { minimumReleaseAge, internalChecksFilter, packageRules } = renovate

    assert.equal(minimumReleaseAge, '14 days')
    assert.equal(internalChecksFilter, 'strict')
    const sooner = packageRules.filter((rule) => 'minimumReleaseAge' in rule)
    assert.deepEqual(
      sooner.map(({ matchUpdateTypes }) => matchUpdateTypes),
      [['digest', 'pinDigest']],
    )
  })
})
