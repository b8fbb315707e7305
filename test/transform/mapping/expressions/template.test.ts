import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { scopeOf, templateFault, templateValue, whyNull } from './expressing.ts'

const scope = scopeOf(
  '{"n":7,"s":"x","yes":true,"list":[1],"object":{"a":1},"big":9007199254740993}',
)

describe('a template', () => {
  for (const [template, value] of [
    ['', ''],
    ['a text', 'a text'],
    ['$5 {x} $', '$5 {x} $'],
    ['${data.n}', 7],
    ['${data.object}', { a: 1 }],
    ['${ data.yes }', true],
    ['${data.big}', 9_007_199_254_740_993n],
    ['${1 + 1}', 2],
    ['${"a"}', 'a'],
    ['${message}', { messageId: '1' }],
    ['${line}', 1],
    [' ${data.n}', ' 7'],
    ['${data.n}${data.s}', '7x'],
    ['${data.n}-${data.s}-${data.yes}', '7-x-true'],
    ['n: ${data.big}', 'n: 9007199254740993'],
    ['${data.list} ${data.object}', '[1] {"a":1}'],
    ['at ${timestamp(0)}', 'at 1970-01-01T00:00:00.000Z'],
    ['${"}"}', '}'],
    ["${'}'}!", '}!'],
    ['${"""}"""}!', '}!'],
    ['${r"\\}"}!', '\\}!'],
    ['${"\\"}"}!', '"}!'],
    ['${{"a": {"b": data.n}}.a.b}!', '7!'],
    ['${{"a": "}"}}', { a: '}' }],
    ['${data.n // a comment }\n}!', '7!'],
    ['${data.s + "${data.n}"}', 'x${data.n}'],
    ['${"${"}data.n}', '${data.n}'],
    ['$${data.n}', '$7'],
    ['${data.absent}', null],
    ['user-${data.absent}', null],
    ['${data.s}-${data.absent}', null],
  ] as const) {
    it(`is worked out: ${JSON.stringify(template)}`, () => {
      assert.deepEqual(templateValue(template, scope), value)
    })
  }

  for (const [template, fault] of [
    ['${data.n', '2: `${` has no `}`'],
    ['a ${data.n} ${data.s', '14: `${` has no `}`'],
    ['${}', '2: the expression is empty'],
    ['a ${ }', '4: the expression is empty'],
    ['${', '2: `${` has no `}`'],
    ['${ )}', '3: `)` is not expected here'],
    ['${data.n +', '2: `${` has no `}`'],
    ['a ${data.n +} b', '12: `}` is not expected here'],
    ['a ${data.n b} c', '11: `b` is not expected here'],
    ['a ${data.n} ${dato.n}', '14: `dato` is not known; did you mean data?'],
    ['${data.s == "a}', '12: unterminated string'],
    ['${data.n // }', '2: `${` has no `}`'],
  ] as const) {
    it(`has a fault with its place: ${template}`, () => {
      assert.equal(templateFault(template), fault)
    })
  }

  it('says which of its expressions is null', () => {
    assert.equal(whyNull('${data.n}-${data.absent}-${data.other}', scope), 'data.absent is null')
    assert.equal(whyNull('${data.absent.deeper}', scope), 'data.absent.deeper is null')
    assert.equal(
      whyNull('${data.n + data.s}', scope),
      'data.n + data.s: `+` does not take a number and a text',
    )
    assert.equal(whyNull('${data.n}', scope), 'no part of it is null')
    assert.equal(whyNull('a text', scope), 'no part of it is null')
  })
})

describe('item and index', () => {
  it('are known under each', () => {
    const under = { ...scope, item: { sku: 'a' }, index: 3 }

    assert.equal(templateValue('${item.sku}-${index}', under), 'a-3')
    assert.equal(templateFault('${item.sku}', { each: true }), 'no fault')
    assert.equal(
      templateFault('${items}', { each: true }),
      '2: `items` is not known; did you mean item?',
    )
  })

  it('are not known elsewhere', () => {
    const only = 'is known only in a shape with `each`'

    assert.equal(templateFault('${item.sku}'), `2: \`item\` ${only}`)
    assert.equal(templateFault('${data.n + index}'), `11: \`index\` ${only}`)
  })
})
