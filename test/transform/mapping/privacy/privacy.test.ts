import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PrivacyStep } from '../../../../src/transform/mapping/mapping-file.ts'
import {
  compilePrivacy,
  type Privacy,
} from '../../../../src/transform/mapping/privacy/compile-privacy.ts'
import { anyText } from '../../../helpers/any-text.ts'

const KEY = 'a key of the tests'

function compiled(steps: readonly PrivacyStep[]): Privacy {
  const made = compilePrivacy(steps, { env: { KEY }, keys: 'environment' })
  assert.ok(made.kind === 'compiled')
  return made.privacy
}

/** Returns the properties after the steps, as text. */
function redacted(properties: string, ...steps: PrivacyStep[]): string {
  const text = compiled(steps).redactEvent(`{"event":"a","properties":${properties}}`)
  return text.slice('{"event":"a","properties":'.length, -1)
}

function hmac(text: string, key = KEY): string {
  return createHmac('sha256', key).update(text).digest('hex')
}

describe('the paths of remove', () => {
  const cases: [name: string, path: string, before: string, after: string][] = [
    [
      'values of every form, with white space',
      'a.b',
      '{"a":[ 1 ,\n"x",\r{\t"b" : -1.5e3\n} , { "b":true\r},{"b":null\t},{"b":1,"c":2}]}',
      '{"a":[ 1 ,\n"x",\r{\t\n} , { \r},{\t},{"c":2}]}',
    ],
    [
      'a value behind texts with quotes and backslashes',
      'b',
      '{"a":"\\\\\\"\\\\","b":{"c":"}\\""},"d":1}',
      '{"a":"\\\\\\"\\\\","d":1}',
    ],
    ['an empty object or list', 'b', '{"b":{},"b":[],"c":{}}', '{"c":{}}'],
    ['a property', 'email', '{"email":"x","b":1}', '{"b":1}'],
    ['the last property', 'email', '{"b":1,"email":"x"}', '{"b":1}'],
    ['the only property', 'email', '{ "email" : "x" }', '{  }'],
    ['the middle property', 'b', '{"a":1, "b":2, "c":3}', '{"a":1, "c":3}'],
    ['all properties of a name that stands twice', 'a', '{"a":1,"b":2,"a":3}', '{"b":2}'],
    ['each of three equal ones', 'a', '{"a":1,"a":2,"a":3}', '{}'],
    ['equal ones at the end', 'a', '{"b":{"c":1},"a":1,"a":2}', '{"b":{"c":1}}'],
    ['a name written with escapes', 'email', '{"\\u0065mail":"x"}', '{}'],
    [
      'a nested property',
      'customer.email',
      '{"customer":{"email":"x","id":1}}',
      '{"customer":{"id":1}}',
    ],
    ['a dotted name', 'customer.email', '{"customer.email":"x","b":1}', '{"b":1}'],
    [
      'a name that is dotted in part',
      'a.b.c.d',
      '{"a":{"b.c":{"d":1,"e":2}}}',
      '{"a":{"b.c":{"e":2}}}',
    ],
    [
      'all below a dotted name',
      'customer',
      '{"customer.email":"x","customers":1}',
      '{"customers":1}',
    ],
    [
      'each element of a list',
      'items.sku',
      '{"items":[{"sku":1,"n":2},{"sku":3}]}',
      '{"items":[{"n":2},{}]}',
    ],
    ['lists in lists', 'items.sku', '{"items":[[{"sku":1}],[]]}', '{"items":[[{}],[]]}'],
    ['an object as a whole', 'customer', '{"customer":{"a":[{}]},"b":1}', '{"b":1}'],
    ['a list as a whole', 'emails', '{"emails":["a","b"],"b":1}', '{"b":1}'],
    ['any depth', '**.email', '{"a":{"b":[{"email":"x"}]},"email":1}', '{"a":{"b":[{}]}}'],
    [
      'two names at any depth',
      '**.customer.email',
      '{"a":{"customer":{"email":1}},"email":2}',
      '{"a":{"customer":{}},"email":2}',
    ],
    ['two equal names at any depth', '**.a.a', '{"a":{"b":1,"a":{"a":2}}}', '{"a":{"b":1}}'],
    ['a dotted name at any depth', '**.email', '{"a":{"b.email":1,"email.b":2}}', '{"a":{}}'],
    [
      'other spellings at any depth',
      '**.email',
      '{"EMail":1,"e-mail":2,"$email":3,"e_mail":4,"e mail":5,"e\u00admail":6,"ｅmail":7,"mail":8}',
      '{"mail":8}',
    ],
    [
      'names with invisible characters, signs and a broken half of a pair',
      '**.email',
      '{"e\ufe0fmail":1,"e\\u0000mail":2,"@email":3,"email[]":4,"e/mail:":5,"\\ud800email":6,"\u24d4mail":7,"f_mail":8}',
      '{"f_mail":8}',
    ],
    [
      'the capitals and small letters of every language',
      '**.stra\u00dfe.email',
      '{"STRASSE":{"EMA\u0130L":1,"ema\u0131l":2,"EMAI\u0307L":3,"mail":4}}',
      '{"STRASSE":{"mail":4}}',
    ],
    [
      'no name with an accent in the place of one without',
      '**.email',
      '{"\u00e9mail":1,"e\u0301mail":2}',
      '{"\u00e9mail":1,"e\u0301mail":2}',
    ],
    [
      'one accent in its two forms',
      '**.\u00e9mail',
      '{"e\u0301mail":1,"e\u00ad\u0301mail":2,"\u00c9MAIL":3}',
      '{}',
    ],
    [
      'JSON that was written twice',
      '**.email',
      JSON.stringify({ a: JSON.stringify(JSON.stringify({ email: 1, b: 2 })) }),
      JSON.stringify({ a: JSON.stringify(JSON.stringify({ b: 2 })) }),
    ],
    [
      'JSON in a text that begins with a byte order mark',
      '**.email',
      '{"a":"\ufeff\u00a0{\\"email\\":1}"}',
      '{"a":"\ufeff\u00a0{}"}',
    ],
    ['a spelling of the path', '**.E-Mail', '{"email":1}', '{}'],
    [
      'JSON in a text, at any depth',
      '**.email',
      '{"after":"{\\"email\\":1,\\"b\\":2}"}',
      '{"after":"{\\"b\\":2}"}',
    ],
    [
      'JSON in JSON in a text',
      '**.email',
      JSON.stringify({ a: JSON.stringify({ b: JSON.stringify([{ email: 1 }]) }) }),
      JSON.stringify({ a: JSON.stringify({ b: '[{}]' }) }),
    ],
    [
      'JSON lines in a text',
      '**.email',
      JSON.stringify({ a: '{"email":1,"b":2}\n\n[{"email":3}] {"c":"{\\"email\\":4}"}\n' }),
      JSON.stringify({ a: '{"b":2}\n\n[{}] {"c":"{}"}\n' }),
    ],
    [
      'a path through JSON lines in a text',
      '**.a.email',
      JSON.stringify({ a: '{"email":1}\n{"b":{"email":2}}\n{"email":3}', b: '{}\n{"email":4}' }),
      JSON.stringify({ a: '{}\n{"b":{"email":2}}\n{}', b: '{}\n{"email":4}' }),
    ],
    [
      'nothing of a text of which a line is no JSON',
      '**.email',
      JSON.stringify({ a: '{"email":1}\n{"b":' }),
      JSON.stringify({ a: '{"email":1}\n{"b":' }),
    ],
    [
      'a text that begins with an escape',
      '**.email',
      '{"after":"\\u007b\\"email\\":1}"}',
      '{"after":"{}"}',
    ],
    [
      'a path through a text',
      '**.after.email',
      '{"after":" [{\\"email\\":1}]"}',
      '{"after":" [{}]"}',
    ],
    [
      'nothing of a text that is no JSON',
      '**.email',
      '{"after":"{\\"email\\":"}',
      '{"after":"{\\"email\\":"}',
    ],
    ['nothing of another case', 'email', '{"Email":1,"e-mail":2}', '{"Email":1,"e-mail":2}'],
    [
      'nothing of a longer name',
      'email',
      '{"email2":1,"a":{"email":2}}',
      '{"email2":1,"a":{"email":2}}',
    ],
    ['nothing inside a text', 'a.email', '{"a":"{\\"email\\":1}"}', '{"a":"{\\"email\\":1}"}'],
    [
      'a name of the prototype',
      '__proto__',
      '{"__proto__":{"a":1},"constructor":2}',
      '{"constructor":2}',
    ],
    [
      'a name of the prototype at any depth',
      '**.constructor',
      '{"a":{"constructor":2},"b":1}',
      '{"a":{},"b":1}',
    ],
    ['nothing when no name fits', 'toString', '{"a":{},"b":[]}', '{"a":{},"b":[]}'],
  ]

  for (const [name, path, before, after] of cases) {
    it(`reach ${name}`, () => {
      assert.equal(redacted(before, { remove: [path] }), after)
    })
  }

  it('reach members beside the properties when they begin with **', () => {
    const { redactEvent } = compiled([{ remove: ['**.email', '**.event', '**.properties'] }])

    const text = redactEvent(
      '{"email":1,"event":"a","properties":{"event":2,"b":3},"c":{"e-mail":4}}',
    )

    assert.equal(text, '{"event":"a","properties":{"b":3},"c":{}}')
  })

  it('do not reach members beside the properties when they are fixed', () => {
    const { redactEvent } = compiled([{ remove: ['email', 'event'] }])

    assert.equal(
      redactEvent('{"email":1,"event":"a","properties":{}}'),
      '{"email":1,"event":"a","properties":{}}',
    )
  })

  it('reach each of two objects of properties', () => {
    const { redactEvent } = compiled([{ remove: ['email'] }])

    const text = redactEvent('{"event":"a","properties":{"email":1},"properties":{"email":2}}')

    assert.equal(text, '{"event":"a","properties":{},"properties":{}}')
  })

  it('keep the text of all other values byte for byte', () => {
    const rest = '{ "n" : 9007199254740993, "f":1.10e+400,"s":"\\u00e9\\/", "z" :[ ] }'

    assert.equal(redacted(rest, { remove: ['**.email', 'a.b'] }), rest)
    assert.equal(
      redacted(`${rest.slice(0, -2)}, "email":1 }`, { remove: ['email'] }),
      `${rest.slice(0, -2)} }`,
    )
  })

  it('reach through a thousand levels, and a hundred thousand names', () => {
    const deep = `${'{"a":['.repeat(1_000)}{"email":1}${']}'.repeat(1_000)}`
    const wide = `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":${at}`).join()},"email":1}`

    assert.equal(redacted(deep, { remove: ['**.email'] }), deep.replace('"email":1', ''))
    assert.equal(redacted(wide, { remove: ['email'] }), wide.replace(',"email":1', ''))
  })

  it('reach each value once, however often a dotted name repeats the path', () => {
    const name = Array(100_000).fill('email').join('.')

    const properties = `{"${name}":"a","b.email.email":"x"}`

    assert.equal(
      redacted(properties, { hash: ['**.email'], key: 'KEY' }),
      `{"${name}":"${hmac('a')}","b.email.email":"${hmac('x')}"}`,
    )
  })

  it('leave what JSON.parse would see without the removed members', () => {
    const names = fc.constantFrom(
      'email',
      'E-Mail',
      'a',
      'b.email',
      'email.c',
      '\u0065',
      '__proto__',
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(null, 0, 'x', '', '{', '[1]', true),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 5 }),
      ),
    }))

    fc.assert(
      fc.property(fc.dictionary(names, tree, { maxKeys: 5 }), (properties) => {
        const before = JSON.stringify(properties, null, 1)
        const after: unknown = JSON.parse(redacted(before, { remove: ['**.email'] }))
        assert.deepEqual(after, without(JSON.parse(before)))
      }),
    )
  })
})

/** Returns a copy without the members that a path `**.email` means. */
function without(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(without)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([name]) =>
      !name.split('.').some((part) => part.replaceAll(/[-_ $]/g, '').toLowerCase() === 'email'),
  )
  return Object.fromEntries(kept.map(([name, inner]) => [name, without(inner)]))
}

describe('hash', () => {
  it('replaces a text by its HMAC-SHA-256 in hex', () => {
    assert.equal(
      redacted('{"email":"a\\u0062c"}', { hash: ['email'], key: 'KEY' }),
      `{"email":"${hmac('abc')}"}`,
    )
  })

  it('hashes numbers and words as they are written', () => {
    const before = '{"a":9007199254740993,"b":1.0,"c":true}'
    const after = `{"a":"${hmac('9007199254740993')}","b":"${hmac('1.0')}","c":"${hmac('true')}"}`

    assert.equal(redacted(before, { hash: ['a', 'b', 'c'], key: 'KEY' }), after)
  })

  it('leaves null and empty texts', () => {
    const before = '{"a":null,"b":"","c":[null,""]}'

    assert.equal(redacted(before, { hash: ['a', 'b', 'c'], key: 'KEY' }), before)
  })

  it('hashes each element of a list, and removes objects', () => {
    const before = '{"a":["x",["y",{"z":1}],{"z":2}],"b":{"z":3},"c":1}'

    assert.equal(
      redacted(before, { hash: ['a', 'b'], key: 'KEY' }),
      `{"a":["${hmac('x')}",["${hmac('y')}"]],"c":1}`,
    )
  })

  it('hashes all identifying properties with `ids`, and keeps the prefix of a device', () => {
    const before = {
      distinct_id: '$device:d-1',
      $user_id: 17,
      $device_id: 'd-1',
      $identified_id: 'i',
      $anon_id: 'j',
      alias: 'k',
      $distinct_ids: ['$device:', 'u'],
      user_id: 'stays',
      nested: { distinct_id: 'stays' },
    }

    assert.deepEqual(JSON.parse(redacted(JSON.stringify(before), { hash: 'ids', key: 'KEY' })), {
      ...before,
      distinct_id: `$device:${hmac('d-1')}`,
      $user_id: hmac('17'),
      $device_id: hmac('d-1'),
      $identified_id: hmac('i'),
      $anon_id: hmac('j'),
      alias: hmac('k'),
      $distinct_ids: ['$device:', hmac('u')],
    })
  })

  it('leaves placeholders as ids, so that they are still refused, and hashes them elsewhere', () => {
    assert.equal(
      redacted('{"distinct_id":"Anonymous","paid":"true"}', {
        hash: ['distinct_id', 'paid'],
        key: 'KEY',
      }),
      `{"distinct_id":"Anonymous","paid":"${hmac('true')}"}`,
    )
  })

  it('leaves placeholders as ids at any depth, too', () => {
    const step = { hash: ['**.distinct_id'], key: 'KEY' }

    assert.equal(
      redacted('{"distinct_id":"undefined","a":{"Distinct-ID":"u-1"}}', step),
      `{"distinct_id":"undefined","a":{"Distinct-ID":"${hmac('u-1')}"}}`,
    )
  })

  it('hashes a text that only looks like a hash with its proof', () => {
    const looks = `${'a'.repeat(64)}.${'b'.repeat(64)}`
    const ofOtherKey = `${hmac('u')}.${hmac(`hash in a letter: ${hmac('u')}`, 'another key')}`
    const proven = `${hmac('u')}.${hmac(`hash in a letter: ${hmac('u')}`)}`

    for (const id of [looks, ofOtherKey, `${proven}0`]) {
      assert.equal(
        redacted(JSON.stringify({ a: id }), { hash: ['a'], key: 'KEY' }),
        JSON.stringify({ a: hmac(id) }),
      )
    }
    assert.equal(
      redacted(JSON.stringify({ a: proven }), { hash: ['a'], key: 'KEY' }),
      JSON.stringify({ a: hmac('u') }),
    )
  })

  it('goes where another step removes the list that it hashes', () => {
    const steps = [{ hash: ['a'], key: 'KEY' }, { remove: ['a'] }] satisfies PrivacyStep[]

    for (const order of [steps, steps.toReversed()]) {
      assert.equal(redacted('{"a":["u"],"b":1}', ...order), '{"b":1}')
    }
  })

  it('hashes any text as createHmac does, known or new', () => {
    const { hashesOf } = compiled([{ hash: [], key: 'KEY' }])

    fc.assert(
      fc.property(anyText({ maxLength: 600 }), (text) => {
        assert.deepEqual([hashesOf(text), hashesOf(text)], [[hmac(text)], [hmac(text)]])
      }),
    )
  })

  it('hashes long texts, and texts of characters of any size', () => {
    const { hashesOf } = compiled([{ hash: [], key: 'KEY' }])

    for (const text of ['x'.repeat(256), '€'.repeat(256), '€'.repeat(257), 'x'.repeat(5_000)]) {
      assert.deepEqual([hashesOf(text), hashesOf(text)], [[hmac(text)], [hmac(text)]])
    }
  })

  it('takes a key of 8 characters, and one as long as a block of SHA-256', () => {
    for (const key of ['8 signs.', 'k'.repeat(64)]) {
      const made = compilePrivacy([{ hash: [], key: 'K' }], {
        env: { K: key },
        keys: 'environment',
      })

      assert.ok(made.kind === 'compiled')
      assert.deepEqual(made.privacy.hashesOf('a'), [
        createHmac('sha256', key).update('a').digest('hex'),
      ])
    }
  })

  it('takes a key longer than a block of SHA-256', () => {
    const long = 'k'.repeat(65)
    const made = compilePrivacy([{ hash: [], key: 'LONG' }], {
      env: { LONG: long },
      keys: 'environment',
    })

    assert.ok(made.kind === 'compiled')
    assert.deepEqual(made.privacy.hashesOf('a'), [
      createHmac('sha256', long).update('a').digest('hex'),
    ])
  })
})

describe('the key of a hash', () => {
  it('is the same with the line break that a secret store keeps after it', () => {
    const made = compilePrivacy([{ hash: ['a'], key: 'KEY' }], {
      env: { KEY: `${KEY}\n` },
      keys: 'environment',
    })

    assert.ok(made.kind === 'compiled')
    assert.equal(
      made.privacy.redactEvent('{"event":"e","properties":{"a":"x"}}'),
      `{"event":"e","properties":{"a":"${hmac('x')}"}}`,
    )
  })

  it('is not set when it is white space alone', () => {
    const options = { env: { KEY: ' '.repeat(32) }, keys: 'environment' } as const

    assert.equal(compilePrivacy([{ hash: ['a'], key: 'KEY' }], options).kind, 'faulty')
  })
})

describe('mask', () => {
  const cases: [count: number, before: string, after: string][] = [
    [4, '"4111111111111234"', '"************1234"'],
    [4, '4111111111111234', '"************1234"'],
    [4, '"1234"', '"**34"'],
    [4, '"123"', '"**3"'],
    [4, '"1"', '"*"'],
    [0, '"123"', '"***"'],
    [4, '""', '""'],
    [4, 'null', 'null'],
    [1, '"ab😀"', '"**😀"'],
    [2, '["abcd","efgh"]', '["**cd","**gh"]'],
  ]
  for (const [count, before, after] of cases) {
    it(`keeps the last ${count} of ${before}, and never more than half`, () => {
      assert.equal(redacted(`{"card":${before}}`, { mask: { card: count } }), `{"card":${after}}`)
    })
  }
})

describe('truncate', () => {
  const cases: [count: number, before: string, after: string][] = [
    [3, '"abcd"', '"abc"'],
    [4, '"abcd"', '"abcd"'],
    [2, '"a😀b"', '"a😀"'],
    [1, '"😀😀"', '"😀"'],
    [1, '"\uffffa"', '"\uffff"'],
    [3, '"😀😀"', '"😀😀"'],
    [2, '"a\\u00e9b"', '"aé"'],
    [2, '12345', '"12"'],
    [9, '12345', '12345'],
    [0, '"abc"', '""'],
  ]
  for (const [count, before, after] of cases) {
    it(`cuts ${before} after ${count} characters`, () => {
      assert.equal(
        redacted(`{"note":${before}}`, { truncate: { note: count } }),
        `{"note":${after}}`,
      )
    })
  }
})

describe('ip', () => {
  const before = '{"ip":"1.2.3.4","$ip":"5.6.7.8","a":{"ip":"stays"}}'
  const cases = [
    ['drop', '{"a":{"ip":"stays"}}'],
    ['geo', '{"ip":"1.2.3.4","a":{"ip":"stays"}}'],
    ['keep', before],
  ] as const
  for (const [ip, after] of cases) {
    it(`${ip} leaves ${after}`, () => {
      assert.equal(redacted(before, { ip }), after)
    })
  }
})

describe('steps', () => {
  it('apply to one value in their order', () => {
    assert.equal(
      redacted('{"a":"abcdef"}', { truncate: { a: 4 } }, { hash: ['**.a'], key: 'KEY' }),
      `{"a":"${hmac('abcd')}"}`,
    )
    assert.equal(
      redacted('{"a":"abcdef"}', { hash: ['**.a'], key: 'KEY' }, { truncate: { a: 4 } }),
      `{"a":"${hmac('abcdef').slice(0, 4)}"}`,
    )
    assert.equal(redacted('{"a":"x"}', { mask: { a: 1 } }, { remove: ['**.a'] }), '{}')
  })

  it('are counted anew for each event, and once when only some of the values change', () => {
    const { redactEvent } = compiled([{ hash: ['a'], key: 'KEY' }])
    const counted: string[] = []
    const count = (_: string, effect: string) => void counted.push(effect)

    redactEvent('{"properties":{"a":["x",""]}}', count)
    redactEvent('{"properties":{}}', count)

    assert.deepEqual(counted, ['redacted', 'absent'])
  })

  it('need an event of JSON', () => {
    assert.throws(() => compiled([{ remove: ['a'] }]).redactEvent('{"a'), TypeError)
  })

  it('tell which values they take from an event', () => {
    const { noteRemoved } = compiled([{ remove: ['a', '**.b'] }, { hash: ['c'], key: 'KEY' }])
    const noted: unknown[] = []
    const inner = JSON.stringify('[{"b":"y"}]')

    noteRemoved(
      `{"properties":{"a":{"n":[1,"x\\u0041",{"m" :null}],"o":"\\""},"c":"u","d":"stays","e":${inner}}}`,
      (before, after) => noted.push([before, after]),
    )

    assert.deepEqual(noted, [
      ['1', undefined],
      ['xA', undefined],
      ['null', undefined],
      ['"', undefined],
      ['u', hmac('u')],
      ['y', undefined],
    ])
  })

  it('change a value once, when several of their paths lead there', () => {
    const hash = ['a', '**.a', '**.A', 'a', 'b', '**.b.a']

    assert.equal(
      redacted('{"a":"x","b":{"a":"y"},"c.a.a":"z"}', { hash, key: 'KEY' }),
      `{"a":"${hmac('x')}","c.a.a":"${hmac('z')}"}`,
    )
  })

  it('change a value once each, when another step leads there by one of the paths', () => {
    const hash: PrivacyStep = { hash: ['email', '**.email'], key: 'KEY' }

    assert.equal(
      redacted('{"email":"x"}', hash, { truncate: { email: 8 } }),
      `{"email":"${hmac('x').slice(0, 8)}"}`,
    )
  })

  it('are counted once for each event: redacted, absent, or neither', () => {
    const { redactEvent } = compiled([
      { remove: ['**.email', 'b'] },
      { truncate: { note: 3 } },
      { truncate: { note: 9 } },
      { mask: { card: 4 } },
      { hash: 'ids', key: 'KEY' },
      { ip: 'drop' },
    ])
    const counted: string[] = []

    redactEvent(
      '{"properties":{"email":1,"b":2,"note":"abcd","distinct_id":""}}',
      (rule, effect) => {
        counted.push(`${rule} ${effect}`)
      },
    )

    assert.deepEqual(counted, [
      'privacy[0] remove redacted',
      'privacy[1] truncate redacted',
      'privacy[3] mask absent',
      'privacy[5] ip absent',
    ])
  })
})

describe('a section with mistakes', () => {
  for (const path of ['a. b', 'a .b', '**.a.$', 'a.properties.']) {
    it(`has a problem with the path ${path}`, () => {
      assert.equal(
        compilePrivacy([{ remove: [path] }], { env: {}, keys: 'environment' }).kind,
        'faulty',
      )
    })
  }

  it('has none with other names in a path', () => {
    const remove = ['a.properties', '**.properties.a', '$a.b-c d', '**.é']

    assert.equal(compilePrivacy([{ remove }], { env: {}, keys: 'environment' }).kind, 'compiled')
  })

  it('names all of them, with their places', () => {
    const made = compilePrivacy(
      [
        {
          remove: [
            'email',
            'a..b',
            '**',
            'a.**.b',
            'items[0].sku',
            '*.a',
            ' email',
            'properties.email',
            '**.$',
            '',
          ],
        },
        { hash: ['**.', 'ids'], key: 'KEY' },
        { hash: ['ids'], key: 'KEY' },
        { hash: 'ids', key: 'NONE' },
        { hash: 'ids', key: 'SHORT' },
        { mask: { '.a': 4 } },
        { truncate: { 'b.': 4 } },
      ],
      { env: { KEY, SHORT: 'secret', NONE: '' }, keys: 'environment' },
    )

    assert.ok(made.kind === 'faulty')
    assert.deepEqual(
      made.problems.map(({ path, text }) => `${path.join('.')} ${text}`),
      [
        'privacy.0.remove.1 a path needs a name between, before and after its dots: a..b',
        'privacy.0.remove.2 `**` may stand only at the beginning, as in `**.email`: **',
        'privacy.0.remove.3 `**` may stand only at the beginning, as in `**.email`: a.**.b',
        'privacy.0.remove.4 a path has no `*` and no brackets: it reaches every element of a list by itself: items[0].sku',
        'privacy.0.remove.5 a path has no `*` and no brackets: it reaches every element of a list by itself: *.a',
        'privacy.0.remove.6 a name in a path has white space at its beginning or end:  email',
        'privacy.0.remove.7 a path starts at the properties: leave `properties.` out, or begin with `**.`: properties.email',
        'privacy.0.remove.8 a name behind `**` needs a letter: **.$',
        'privacy.0.remove.9 a path needs a name between, before and after its dots: ',
        'privacy.1.hash.0 a path needs a name between, before and after its dots: **.',
        'privacy.1.hash.1 in a list, ids would be a property of that name: write `hash: ids` as a step of its own',
        'privacy.2.hash.0 in a list, ids would be a property of that name: write `hash: ids` as a step of its own',
        'privacy.3.key the environment variable NONE is not set: it must hold the key',
        'privacy.4.key SHORT has fewer than 8 characters: set a long random key',
        'privacy.5.mask..a a path needs a name between, before and after its dots: .a',
        'privacy.6.truncate.b. a path needs a name between, before and after its dots: b.',
      ],
    )
  })

  it('takes a fixed key where one is missing, and names its variable, when it is told to', () => {
    const steps: PrivacyStep[] = [
      { hash: 'ids', key: 'NONE' },
      { hash: ['a'], key: 'KEY' },
    ]
    const made = compilePrivacy(steps, { env: { KEY }, keys: 'fixed' })

    assert.ok(made.kind === 'compiled')
    assert.deepEqual(made.privacy.fixedKeys, ['NONE'])
    assert.equal(made.privacy.hashesOf('u')[1], hmac('u'))
    const fixed = createHmac('sha256', 'pubsub-mixpanel: a key for tests only').update('u')
    assert.equal(made.privacy.hashesOf('u')[0], fixed.digest('hex'))
  })
})

describe('a text of any form', () => {
  it('is redacted by the paths that begin with ** alone', () => {
    const { redactAnywhere } = compiled([
      { remove: ['**.email', 'a'] },
      { hash: ['**.id'], key: 'KEY' },
    ])
    const noted: unknown[] = []

    const text = redactAnywhere(
      '[{"email":"x","a":1,"properties":{"E-Mail":2,"a":3}},{"id":"u"}]',
      (raw, after) => noted.push([raw, after]),
    )

    const inLetter = `${hmac('u')}.${hmac(`hash in a letter: ${hmac('u')}`)}`
    assert.equal(text, `[{"a":1,"properties":{"a":3}},{"id":"${inLetter}"}]`)
    assert.deepEqual(noted, [
      ['x', undefined],
      ['2', undefined],
      ['u', inLetter],
    ])
  })

  it('is hashed once, however often its letter is replayed and stored again', () => {
    const { redactAnywhere, redactEvent } = compiled([
      { hash: ['**.user'], key: 'KEY' },
      { hash: 'ids', key: 'KEY' },
    ])
    const letterOf = (text: string) => redactAnywhere(text, () => {}) ?? ''
    const eventOf = (user: unknown) =>
      redactEvent(JSON.stringify({ event: 'e', properties: { user, distinct_id: user } }))

    for (const user of ['u-1', '$device:d-1', hmac('u-1'), `${hmac('a')}.${hmac('b')}`]) {
      const letter = letterOf(JSON.stringify({ user }))

      assert.equal(letterOf(letter), letter)
      assert.equal(eventOf(JSON.parse(letter).user), eventOf(user))
      assert.ok(!eventOf(user).includes(user))
    }
  })

  for (const text of [
    '',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1]',
    '[1 2]',
    '{"a":1}}',
    '"a',
    '{a:1}',
    '[1,]',
    '{"a" 1}',
    '{"a" 11}',
    '{a":1}',
    '{"a":"b}',
  ]) {
    it(`that is no JSON, ${text}, is not read`, () => {
      assert.equal(
        compiled([{ remove: ['**.b'] }]).redactAnywhere(text, () => {}),
        undefined,
      )
    })
  }

  it('is redacted although it has an escape that JSON does not know', () => {
    const noted: string[] = []
    const { redactAnywhere } = compiled([{ remove: ['**.email'] }])

    const text = redactAnywhere('{"e\\q":1,"email":"\\q"}', (before) => noted.push(before))

    assert.equal(text, '{"e\\q":1}')
    assert.deepEqual(noted, ['\\q'])
  })

  it('notes no value that stays', () => {
    const { redactAnywhere } = compiled([{ truncate: { '**.a': 3 } }])
    const noted: string[] = []

    assert.equal(
      redactAnywhere('{"a":["abc","abcd",null]}', (before) => noted.push(before)),
      '{"a":["abc","abc",null]}',
    )
    assert.deepEqual(noted, ['abcd'])
  })

  it('is read in the time of its length, however deep it nests and wherever it ends', () => {
    const { redactAnywhere } = compiled([{ remove: ['**.b'] }])

    assert.equal(
      redactAnywhere('['.repeat(1_000_000), () => {}),
      undefined,
    )
    assert.equal(
      redactAnywhere(`{"b":${'['.repeat(1_000_000)}`, () => {}),
      undefined,
    )
    assert.equal(
      redactAnywhere(`"${'\\\\'.repeat(500_000)}`, () => {}),
      undefined,
    )
  })
})
