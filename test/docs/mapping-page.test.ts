import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createRunCase } from '../../src/cli/test/run-case.ts'
import { judge } from '../../src/cli/test/tested.ts'
import { loadEventSettings } from '../../src/config/settings.ts'
import { RULE_EFFECTS } from '../../src/model/rule-effect.ts'
import { compileMapping } from '../../src/transform/mapping/compile-mapping.ts'
import { loadMapping } from '../../src/transform/mapping/load-mapping.ts'
import type { PropertiesShape, Shape } from '../../src/transform/mapping/mapping-file.ts'
import { MAPPING_SCHEMA } from '../../src/transform/mapping/reading/mapping-schema.ts'
import { readMapping } from '../../src/transform/mapping/reading/read-mapping.ts'
import { aMessage } from '../helpers/builders.ts'
import { blocksIn, sectionOf, spansIn, tableOf, textOf } from './markdown.ts'

const PAGE = textOf('docs/mapping.md')
const EXAMPLES = globSync('examples/mappings/*', { cwd: new URL('../../', import.meta.url) })
const [FIRST = ''] = blocksIn(PAGE, 'yaml')

/** The keys of each step of a shape, in the order of the table. */
const STEPS = tableOf(PAGE, 'step', 'key', 'effect').map(({ key }) =>
  spansIn(key).map((span) => span.replace(/:.*/, '')),
)

describe('the examples of mapping files', () => {
  for (const path of EXAMPLES) {
    it(`end as the cases of ${path} say, and every rule has a case`, async () => {
      const file = fileURLToPath(new URL(`../../${path}`, import.meta.url))
      const { mapping, file: content, privacy } = await loadMapping(file, LOADING)
      const runCase = createRunCase(mapping, loadEventSettings({}))
      const reached = new Set<string>()

      for (const one of content.cases ?? []) {
        const hashesOf = privacy?.hashesOf ?? (() => [])
        const tested = judge(one, await runCase(one), { line: 0, file: content, hashesOf })
        for (const { name, kind } of tested.steps) if (kind !== 'not_matched') reached.add(name)
        assert.deepEqual([one.name, tested.difference], [one.name, undefined])
      }

      assert.deepEqual(
        mapping.rules.filter((name) => !reached.has(name)),
        [],
      )
    })
  }
})

describe('the page of mapping files', () => {
  it('shows the rules of each example as its file has them', () => {
    const part = sectionOf(PAGE, '## Six examples')
    const named = [...part.matchAll(/\(\.\.\/(examples\/mappings\/.*?\.yaml)\)/g)].map(
      ([, path = '']) => path,
    )

    assert.equal(named.length, 6)
    for (const [at, block] of blocksIn(part, 'yaml').entries()) {
      assert.ok(textOf(named[at] ?? '').includes(block), named[at])
    }
  })

  it('has no file with a mistake', async () => {
    const files = blocksIn(PAGE, 'yaml').filter((block) => block.startsWith('version: 1'))

    assert.ok(files.length > 3)
    for (const text of files) {
      const read = readMapping(text)
      assert.equal(read.kind, 'read', text)
      assert.ok('rules' in (await compileMapping(read.file, { placeOf: () => '' })))
    }
  })

  it('says what becomes of the event of its first file', async () => {
    const [, given = '', sentence = ''] =
      /^`(\{"type"[^`]*\})` becomes (.*?)\.\s/ms.exec(PAGE) ?? []
    const read = readMapping(FIRST)
    assert.equal(read.kind, 'read')
    const mapping = await compileMapping(read.file, { placeOf: () => '' })
    assert.ok('transform' in mapping)
    const message = aMessage({ attributes: { source: 'web' } })

    const made = mapping.transform(JSON.parse(given), { number: 1, text: given }, message)

    assert.partialDeepStrictEqual(made, [
      {
        value: {
          event: 'Signed Up',
          properties: { distinct_id: 'u-1', time: 1795510798, plan: 'pro', source: 'web' },
        },
      },
    ])
    assert.deepEqual(spansIn(sentence), ['Signed Up', 'distinct_id', 'time', 'plan', 'source'])
  })

  it('has every key of a shape among its steps', () => {
    const { shape, properties } = MAPPING_SCHEMA.definitions
    const ofEvents = ['each', 'event', 'properties']
    const ofShapes = Object.keys(shape.properties).filter((key) => !ofEvents.includes(key))

    assert.deepEqual(
      STEPS.flat().toSorted(),
      [...ofShapes, ...Object.keys(properties.properties)].toSorted(),
    )
  })

  for (const [property, key] of [
    ['a', undefined],
    ['$user_id', 'user_id'],
    ['$device_id', 'device_id'],
    ['distinct_id', 'distinct_id'],
    ['time', 'time'],
    ['$insert_id', 'insert_id'],
  ] as const) {
    it(`has the steps that make the property ${property} in their order`, async () => {
      const steps = STEPS.flat().flatMap((step) => shapeOf(step, property, key))

      assert.ok(steps.length > 5)
      for (const [at, { step, value }] of steps.entries()) {
        const before = steps.slice(0, at + 1).map(({ shape }) => shape)
        assert.deepEqual([step, await madeBy(before, property)], [step, value])
      }
    })
  }

  it('has every effect that is counted', () => {
    const told = tableOf(PAGE, 'effect', 'counted when').flatMap(({ effect }) => spansIn(effect))

    assert.deepEqual(told.toSorted(), [...RULE_EFFECTS].toSorted())
  })
})

/** A shape in which one step makes a property, and what it makes of it. */
interface StepShape {
  readonly step: string
  readonly shape: Omit<Shape, 'event'>
  readonly value: unknown
}

/** Returns the part of a shape with which a step makes a property, if it can. */
function shapeOf(step: string, property: string, key: string | undefined): readonly StepShape[] {
  const inProperties = (properties: PropertiesShape, value: unknown) => [
    { step, shape: { properties }, value },
  ]
  switch (step) {
    case 'from':
      return inProperties({ from: '${data}' }, { b: 'from', gone: 1 })
    case 'omit':
      return inProperties({ omit: ['gone', `${property}.gone`] }, { b: 'from' })
    case 'flatten':
      // Without a distinct id, the shape makes an empty one.
      return inProperties({ flatten: 1 }, property === 'distinct_id' ? '' : undefined)
    case 'rename':
      return inProperties({ rename: { [`${property}.b`]: property } }, 'from')
    case 'attributes':
      return inProperties({ attributes: [property] }, 'attributes')
    case 'set':
      return inProperties({ set: { [property]: 'set' } }, 'set')
    case 'groups':
      return [{ step, shape: { groups: { [property]: 'groups' } }, value: 'groups' }]
    default:
      return step === key ? [{ step, shape: { [key]: key }, value: key }] : []
  }
}

/** Returns a property of the event that these parts of a shape make, whatever their order. */
async function madeBy(parts: readonly Omit<Shape, 'event'>[], property: string): Promise<unknown> {
  const backwards = parts.toReversed()
  const properties: PropertiesShape = Object.assign({}, ...backwards.map((one) => one.properties))
  const shape: Shape = { event: 'e', ...Object.assign({}, ...backwards), properties }
  const mapping = await compileMapping(
    { version: 1, rules: [{ name: 'all', ...shape }] },
    { placeOf: () => '' },
  )
  assert.ok('transform' in mapping)
  const data = { [property]: { b: 'from', gone: 1 }, gone: 2 }
  const line = { number: 1, text: JSON.stringify(data) }
  const made = mapping.transform(data, line, aMessage({ attributes: { [property]: 'attributes' } }))
  assert.ok(!('kind' in made))
  return Object(made[0]?.value).properties[property]
}

const LOADING = {
  env: {},
  keys: 'fixed',
  loadModule: async () => {
    throw new Error('no example has a module')
  },
} as const
