import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ExpressionError } from '../../../../src/transform/mapping/expressions/expression-error.ts'
import { compileCondition } from '../../../../src/transform/mapping/expressions/expressions.ts'
import { celValue, conditionValue, scopeOf, templateValue } from './expressing.ts'

const scope = scopeOf('{"name":"x","n":1,"list":[1],"object":{"a":null,"1":2},"text":"t"}')

describe('an absent key', () => {
  for (const cel of [
    'data.absent',
    'data.absent.deeper',
    'data.absent[0]',
    'data["absent"]["deeper"]',
    'data.list[1]',
    'data.list[-1]',
    'data.list["0"]',
    'data.list.length',
    'data.text.length',
    'data.n.deeper',
    'data.object.a',
    'data.object[1]',
    'data.object[data.n]',
    'type(data.n).celType',
    'data.toString',
    'data.constructor.name',
    'data.__proto__',
    'attributes["ce-id"]',
    'message.orderingKey',
  ]) {
    it(`is null: ${cel}`, () => {
      assert.equal(celValue(cel, scope), null)
    })
  }

  for (const [cel, value] of [
    ['!(attributes.tenant in ["acme"])', true],
    ['attributes.tenant in ["acme"]', false],
    ['"a" in data.absent', false],
    ['data.absent == "a"', false],
    ['data.absent != "a"', true],
    ['data.absent == null', true],
    ['data.absent', false],
    ['!data.absent', true],
    ['data.absent || true', true],
    ['data.absent && true', false],
    ['data.absent ? false : true', true],
    ['has(data.absent)', false],
    ['has(data.absent.deeper)', false],
    ['has(data.object.a)', true],
    ['has(attributes["ce-id"])', false],
    ['has(data.list[0])', true],
    ['has(data.list[1])', false],
    ['has(data.list["0"])', false],
    ['has(data.object["1"])', true],
    ['has(data.object[1])', false],
    ['1 in data.object', false],
    ['"1" in data.object', true],
    ['size(data.absent) == 0', true],
    ['data.absent.startsWith("a")', false],
    ['!data.absent.endsWith("a")', true],
    ['data.absent.contains("a")', false],
    ['data.absent.matches("a")', false],
    ['data.text.contains(data.absent)', false],
    ['data.absent.exists(x, true)', false],
    ['data.absent.all(x, true)', false],
    ['data.absent.exists_one(x, true)', false],
    ['lower(data.absent) == null', true],
    ['replace(data.absent, "a", "b") == null', true],
    ['int(data.absent) == null', true],
    ['json(data.absent) == null', true],
    ['epoch_ms(data.absent) == null', true],
    ['pairs(data.absent, "key", "value") == null', true],
    ['data.absent.map(x, x) == null', true],
    ['data.absent > 1 || data.n == 1', true],
    ['data.absent > 1 && data.n == 2', false],
  ] as const) {
    it(`makes ${cel} ${value}`, () => {
      assert.equal(conditionValue(cel, scope), value)
    })
  }

  for (const cel of [
    'data.absent > 1',
    '1 < data.absent',
    'data.absent + 1 == 2',
    '-data.absent == 1',
    'data.absent + "a" == "a"',
    'data.absent - data.absent == 0',
    'data.absent > 1 && data.n == 1',
  ]) {
    it(`makes ${cel} an error`, () => {
      assert.throws(() => conditionValue(cel, scope), ExpressionError)
    })
  }

  it('makes a text around it null', () => {
    assert.equal(templateValue('user-${data.absent}', scope), null)
  })
})

describe('a value of another type', () => {
  for (const cel of [
    'data.text',
    '!data.n',
    'data.text && true',
    'data.text > 1',
    'data.n.startsWith("1")',
    '1 in data.text',
    'size(data.n) == 1',
    'data.n.exists(x, true)',
    'data.list + "a" == "a"',
    'data.object - 1 == 0',
    'data.text ? true : false',
    'int(data.text) == 1',
    'timestamp(data.text) == null',
    'duration(data.text) == null',
    'json(data.text) == null',
    'data.list.join(",") == "1"',
  ]) {
    it(`makes ${cel} an error`, () => {
      assert.throws(() => conditionValue(cel, scope), ExpressionError)
    })
  }

  it('is named in the error by its kind, and not by its value', () => {
    const secret = scopeOf('{"card":"4111-1111"}')

    assert.throws(() => conditionValue('data.card > 1', secret), {
      name: 'ExpressionError',
      message: 'data.card > 1: a text and a number have no order',
    })
  })

  it('is named with the start of a long expression, in one line', () => {
    const long = `data.text  >\n  ${'1 + '.repeat(30)}1`

    assert.throws(() => conditionValue(long, scope), {
      message: `data.text > ${'1 + '.repeat(17)}…: a text and a number have no order`,
    })
    assert.throws(() => conditionValue(' data.n\n', scope), {
      message: 'data.n: true or false is due here, and this is a number',
    })
  })

  it('costs no stack, and leaves the limit of stacks as it is', (t) => {
    const before = Error.stackTraceLimit
    t.after(() => {
      Error.stackTraceLimit = before
    })
    Error.stackTraceLimit = 7

    assert.throws(
      () => conditionValue('data.text > 1', scope),
      (error) => error instanceof ExpressionError && !String(error.stack).includes('\n'),
    )
    assert.equal(Error.stackTraceLimit, 7)
  })

  it('makes one error of an expression, for all events', () => {
    const compiled = compileCondition('data.text > 1', { each: false })
    assert.ok(compiled.kind === 'expression')
    const thrown = () => {
      try {
        return compiled.expression.evaluate(scope)
      } catch (error) {
        return error
      }
    }

    assert.ok(thrown() instanceof ExpressionError)
    assert.equal(thrown(), thrown())
  })
})
