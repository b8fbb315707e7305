import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { blocksIn, spansIn, tableOf, textOf } from './markdown.ts'

const PAGE = textOf('docs/tracing.md')
const MANIFEST = JSON.parse(textOf('package.json'))
const [EXAMPLE = ''] = blocksIn(PAGE, 'js')
const [DOCKERFILE = ''] = blocksIn(PAGE, 'dockerfile')
const SOURCE = globSync('src/service/tracing/*.ts', {
  cwd: fileURLToPath(new URL('../../', import.meta.url)),
})
  .map(textOf)
  .join('\n')

describe('docs/tracing.md', () => {
  it('shows examples/tracing.mjs whole, but its head', () => {
    const file = textOf('examples/tracing.mjs')

    assert.equal(file.slice(file.indexOf('import ')), EXAMPLE)
  })

  it('installs what the example imports, in the versions of the tests', () => {
    const installed = [...DOCKERFILE.matchAll(/(@opentelemetry\/[\w-]+)@([\d.]+)/g)]
    const pinned = { ...MANIFEST.dependencies, ...MANIFEST.devDependencies }

    const versions = installed.map(([, name = '', version]) => [name, version])
    const named = Object.entries(pinned).filter(([name]) => name.startsWith('@opentelemetry/'))
    assert.deepEqual(versions.sort(), named.sort())
    for (const [, name = ''] of EXAMPLE.matchAll(/from '(.*)'/g)) {
      assert.ok(
        installed.some(([, other]) => other === name),
        name,
      )
    }
  })

  it('begins with the Node of our own Dockerfile, and names the version of the package', () => {
    const [, node = 'none'] = /^FROM (node:\d+)/m.exec(textOf('Dockerfile')) ?? []
    const [first, second] = DOCKERFILE.match(/^FROM \S+/gm) ?? []

    assert.ok(first?.startsWith(`FROM ${node}-`), node)
    assert.ok(second?.endsWith(`:${MANIFEST.version}`), MANIFEST.version)
  })

  it('has the spans of the service, of their kinds', () => {
    const spans = tableOf(PAGE, 'span', 'kind', 'parent, links', 'attributes').map((row) => [
      spansIn(row.span)[0],
      spansIn(row.kind)[0],
    ])
    const started = [...SOURCE.matchAll(/startSpan\('([^']+)'/g)].map(([, name]) => name)

    assert.deepEqual(spans.map(([name]) => name).sort(), started.sort())
    assert.deepEqual(
      spans
        .filter(([, kind]) => kind !== 'INTERNAL')
        .map(([, kind]) => kind)
        .sort(),
      [...SOURCE.matchAll(/SpanKind\.(\w+)/g)].map(([, kind]) => kind).sort(),
    )
  })

  it('names the most links of a batch', () => {
    const [, most] = /MOST_LINKS = (\d+)/.exec(SOURCE) ?? []

    assert.match(PAGE, new RegExp(`linked to at most ${most} `))
  })
})
