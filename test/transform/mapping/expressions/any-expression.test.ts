import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ExpressionError } from '../../../../src/transform/mapping/expressions/expression-error.ts'
import {
  compileCondition,
  compileTemplate,
} from '../../../../src/transform/mapping/expressions/expressions.ts'
import { FUNCTIONS } from '../../../../src/transform/mapping/expressions/functions/functions.ts'
import { writeJson } from '../../../../src/transform/mapping/expressions/values.ts'
import { anyText } from '../../../helpers/any-text.ts'
import { scopeOf } from './expressing.ts'

/** The one word that may not appear in the text of an error. */
const SECRET = 'Zq7secret'

const binary = ['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%', 'in', '&&', '||']
const calls = [...FUNCTIONS].flatMap(([name, all]) => all.map(({ arity }) => ({ name, arity })))

const { cel } = fc.letrec((tie) => {
  const inner = tie('cel').map(String)
  return {
    cel: fc.oneof(
      { depthSize: 'medium', maxDepth: 5 },
      fc.constantFrom('data', 'attributes', 'message', 'line', 'null', 'true', '1', '2.5', '"a"'),
      fc.constantFrom('""', '"."', '[]', '{}', 'b"x"', 'x', 'int', 'string', '3u', '-1', '"UTC"'),
      fc.constantFrom('data.text', 'data.n', 'data.big', 'data.huge', 'data.list', 'data.object'),
      fc.constantFrom('data.absent', 'data.time', 'data.flag', 'data.objects', 'data.nothing'),
      inner.map((one) => `(${one}).key`),
      inner.map((one) => `!(${one})`),
      inner.map((one) => `-(${one})`),
      inner.map((one) => `[${one}]`),
      inner.map((one) => `{"k": ${one}}`),
      fc.tuple(inner, inner).map(([one, other]) => `(${one})[${other}]`),
      fc
        .tuple(inner, fc.constantFrom(...binary), inner)
        .map(([one, operator, other]) => `(${one}) ${operator} (${other})`),
      fc.tuple(inner, inner, inner).map(([one, two, three]) => `(${one}) ? (${two}) : (${three})`),
      fc
        .tuple(inner, fc.constantFrom('all', 'exists', 'exists_one', 'filter', 'map'), inner)
        .map(([one, name, other]) => `(${one}).${name}(x, ${other})`),
      fc.tuple(inner, inner).map(([one, other]) => `cel.bind(x, ${one}, ${other})`),
      inner.map((one) => `has((${one}).key)`),
      fc
        .tuple(fc.constantFrom(...calls), fc.array(inner, { minLength: 3, maxLength: 3 }))
        .map(([{ name, arity }, args]) => `${name}(${args.slice(0, arity).join(', ')})`),
    ),
  }
})

const scope = scopeOf(
  `{"text":"${SECRET}","n":7,"big":9007199254740993,"huge":1e400,"list":["${SECRET}",1,null,[2]],
    "object":{"key":"${SECRET}","constructor":1},"time":"2026-11-24T08:59:58Z","flag":true,
    "objects":[{"key":"${SECRET}","value":{"string_value":"a"}},{"key":null}],"nothing":null}`,
  { attributes: { key: SECRET } },
)

/** Returns what `work` throws, or nothing. */
function thrownBy(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

describe('any expression', () => {
  it('loads or has a fault, and gives JSON or throws an ExpressionError without a value', () => {
    let worked = 0
    fc.assert(
      fc.property(cel.map(String), (source) => {
        for (const compile of [compileCondition, compileTemplate]) {
          const compiled = compile(compile === compileTemplate ? `\${${source}}` : source, {
            each: false,
          })
          if (compiled.kind === 'faulty') {
            assert.ok(compiled.offset >= 0 && compiled.offset <= source.length + 2)
            continue
          }
          const { expression } = compiled
          const error = thrownBy(() => writeJson(expression.evaluate(scope)))
          if (error === undefined) worked++
          else
            assert.ok(
              error instanceof ExpressionError && !error.message.includes(SECRET),
              `${error}`,
            )
          assert.equal(typeof expression.whyNot(scope), 'string')
        }
      }),
      { numRuns: 2_000 },
    )
    assert.ok(worked > 100)
  })

  it('gives the same value for the same event each time', () => {
    fc.assert(
      fc.property(cel.map(String), (source) => {
        const compiled = compileTemplate(`\${${source}}`, { each: false })
        if (compiled.kind === 'faulty') return
        const once = (): string => {
          const error = thrownBy(() => writeJson(compiled.expression.evaluate(scope)))
          return error === undefined
            ? writeJson(compiled.expression.evaluate(scope))
            : String(error)
        }
        assert.equal(once(), once())
      }),
    )
  })

  it('is a text of any kind without an exception', () => {
    fc.assert(
      fc.property(anyText(), fc.nat(), (source, at) => {
        const cut = `\${data.${source.slice(0, at)}`
        for (const text of [source, `\${${source}}`, cut]) {
          assert.ok(['faulty', 'expression'].includes(compileTemplate(text, { each: true }).kind))
          assert.ok(['faulty', 'expression'].includes(compileCondition(text, { each: true }).kind))
        }
      }),
    )
  })
})
