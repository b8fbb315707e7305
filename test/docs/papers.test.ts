import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import packageJson from '../../package.json' with { type: 'json' }
import { anchorsIn, textOf, withoutCode } from './markdown.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAPERS = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md'], { cwd: ROOT })
/** The files that tell a person or CI to run something. */
const INSTRUCTIONS = [...PAPERS, '.ci/run', 'Dockerfile']
/** The papers without those that tell of the past. */
const OF_TODAY = PAPERS.filter((path) => path !== 'CHANGELOG.md' && !path.includes('decisions/'))
/** Our version after the name of the image, of the package or of the service, or in a sentence. */
const OUR_VERSION =
  /(?:pubsub-mixpanel[:-]|\$SERVICE:|[?&]ref=v|This is version )(?<version>\d+\.\d+\.\d+)/g
/** The path of a file from the top of the repository, without a pattern in it. */
const SOURCE_FILE = /(?<![\w/.*-])(?:src|test|bench|tools|examples)\/[\w/.-]+\.(?:ts|mjs|js|sh)\b/g

describe('the papers', () => {
  for (const path of PAPERS) {
    const text = textOf(path)

    it(`lead to places that exist: ${path}`, () => {
      const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)

      assert.deepEqual(
        links.filter((link) => !leadsSomewhere(link, path)),
        [],
      )
    })

    it(`name no place of one machine: ${path}`, () => {
      assert.doesNotMatch(text, /(^|[\s"'`(=])\/(home|root|Users|work|tmp|usr|var)\//m)
    })
  }

  for (const path of [...INSTRUCTIONS, 'package.json', 'stryker.config.mjs']) {
    it(`name only files that exist: ${path}`, () => {
      const files = [...textOf(path).matchAll(SOURCE_FILE)].map(([file]) => file)

      assert.deepEqual(
        files.filter((file) => !existsSync(`${ROOT}${file}`)),
        [],
      )
    })
  }

  for (const path of INSTRUCTIONS) {
    it(`name only npm scripts that exist: ${path}`, () => {
      const scripts = textOf(path).matchAll(/npm run (?:-s )?([\w:]+)/g)

      assert.deepEqual(
        [...scripts].map(([, name = '']) => name).filter((name) => !(name in packageJson.scripts)),
        [],
      )
    })
  }

  it('have a section of changes for the version of package.json', () => {
    assert.ok(textOf('CHANGELOG.md').split('\n').includes(`## ${packageJson.version}`))
  })

  it('name the version of package.json, and no other', () => {
    const named = OF_TODAY.flatMap((path) =>
      [...textOf(path).matchAll(OUR_VERSION)].map(({ groups }) => `${path} ${groups?.version}`),
    )

    const { version } = packageJson
    assert.deepEqual(
      named.filter((one) => !one.endsWith(` ${version}`)),
      [],
    )
    for (const path of ['README.md', 'docs/deploy-cloud-run.md', 'deploy/terraform/README.md']) {
      assert.ok(named.includes(`${path} ${version}`), path)
    }
  })

  it('of decisions have every part', () => {
    const decisions = PAPERS.filter((path) => path.startsWith('docs/decisions/'))

    for (const path of decisions) {
      const parts = [...textOf(path).matchAll(/^## (.*)$/gm)].map(([, part]) => part)
      const expected = ['Context', 'Decision', 'Consequences', 'Alternatives']
      assert.deepEqual(
        parts.filter((part) => part !== 'Measurement'),
        expected,
        path,
      )
      assert.match(path, /\/\d{4}-[a-z0-9-]+\.md$/)
    }
    assert.ok(decisions.length > 0)
  })
})

function leadsSomewhere(link: string, from: string): boolean {
  if (/^https:/.test(link)) return true
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? from : posix.join(posix.dirname(from), path)
  if (!existsSync(`${ROOT}${target}`)) return false
  return anchor === undefined || anchorsIn(textOf(target)).has(anchor)
}
