import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultIn } from './expressing.ts'

describe('a mistake in an expression', () => {
  for (const [cel, fault] of [
    ['', '0: the expression is empty'],
    ['  ', '0: the expression is empty'],
    ['data.type = "a"', '10: write `==` for `=`'],
    ['data.type == "a" and data.n', '17: write `&&` for `and`'],
    ['data.type == "a" or data.n', '17: write `||` for `or`'],
    ['data.type & data.n', '10: write `&&` for `&`'],
    ['data.type | data.n', '10: write `||` for `|`'],
    ['data.n is 3', '7: write `==` for `is`'],
    ['data.type ==', '12: the end is not expected here'],
    ['(data.type', '10: `)` is expected here, not the end'],
    ['data.type)', '9: `)` is not expected here'],
    ['data.[0]', '5: a name is expected here, not `[`'],
    ['data.in', '5: a name is expected here, not `in`'],
    ['data.?type', '5: a name is expected here, not `?`'],
    ['[1, 2', '5: `]` is expected here, not the end'],
    ['{"a" 1}', '5: `:` is expected here, not a number'],
    ['"a', '0: unterminated string'],
    ['data.a == #', '10: `#` is not expected here'],
    ['for', '0: reserved identifier: for'],
    ['1e', '1: `e` is not expected here'],
    ['99999999999999999999', '0: the number has more than 64 bits'],
    ['9223372036854775809 > data.n', '0: the number has more than 64 bits'],
    ['9223372036854775808 > data.n', 'no fault'],
    ['total > 3', '0: `total` is not known; write data.total for a key of the event'],
    [
      'customer_name == "a"',
      '0: `customer_name` is not known; write data.customer_name for a key of the event',
    ],
    ['atributes.a == "b"', '0: `atributes` is not known; did you mean attributes?'],
    [
      'constructor == 1',
      '0: `constructor` is not known; write data.constructor for a key of the event',
    ],
    ['data.list.exists(element, elemnt == 1)', '26: `elemnt` is not known; did you mean element?'],
    ['cel.bind(total, data.n, totl > 1)', '24: `totl` is not known; did you mean total?'],
    [
      'data.list.exists(x, x == 1) && x',
      '31: `x` is not known; write data.x for a key of the event',
    ],
    ['lowr(data.a) == "a"', '0: the function `lowr` is not known; did you mean lower?'],
    ['data.a.startWith("b")', '0: the function `startWith` is not known; did you mean startsWith?'],
    ['data.a.exist(x, x)', '0: the function `exist` is not known; did you mean exists?'],
    ['now() > data.t', '0: the function `now` is not known'],
    ['toString()', '0: the function `toString` is not known; did you mean string?'],
    ['replace(data.a, "b") == "a"', '0: `replace` takes 3 values, and 2 are given'],
    ['data.a.substring() == "a"', '0: `substring` takes 2 or 3 values, and 1 are given'],
    ['data.a.matches() == true', '0: `matches` takes 2 values, and 1 are given'],
    ['has(data)', '0: `has` takes a key: has(data.email) or has(data["e-mail"])'],
    ['has("a")', '0: `has` takes a key: has(data.email) or has(data["e-mail"])'],
    ['has(data.a, data.b)', '0: `has` takes a key: has(data.email) or has(data["e-mail"])'],
    ['data.a.all(x)', '0: `all` takes a name and an expression: list.all(x, …)'],
    ['data.a.all(x.y, true)', '13: the name of a variable is due here'],
    ['cel.bind(data.a, 1, true)', '14: the name of a variable is due here'],
    ['cel.bind(x, 1)', '0: `cel.bind` takes a name, a value and an expression'],
    ['data.a.matches("(")', '15: error parsing regexp: missing closing ): `(`'],
    [
      'data.a.matches("(?=a)")',
      '15: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
    ],
    ['data.a.matches("(a)\\\\1")', '15: error parsing regexp: invalid escape sequence: `\\1`'],
    ['data.a.matches(1)', '15: a pattern is a text'],
    ['matches(data.a, null)', '16: a pattern is a text'],
    [
      'message.deliveryAttempt > 1',
      '8: `message` has no deliveryAttempt; it has messageId, publishTime, subscription, orderingKey',
    ],
    ['message.publish_time == ""', '8: `message` has no publish_time; did you mean publishTime?'],
    ['message["messageid"] == ""', '8: `message` has no messageid; did you mean messageId?'],
    ['has(message.orderingkey)', '12: `message` has no orderingkey; did you mean orderingKey?'],
    ['"a" + 1 == "a1"', '0: "a" + 1: `+` does not take a text and a number'],
    ['timestamp("never") == null', '0: timestamp("never"): this is not a time'],
    ['data.n > 1 / 0', '9: 1 / 0: division by zero'],
    ['"a"', '0: a condition is true or false, and this is a text'],
    ['1 + 1', '0: a condition is true or false, and this is a number'],
    ['null', '0: a condition is true or false, and this is null'],
    ['[]', 'no fault'],
    ['true', 'no fault'],
    [
      'data.a.all(x, x.all(y, true))',
      '14: `all` stands inside another loop; one level is the most',
    ],
    [
      'data.a.map(x, x.filter(y, true)) == []',
      '14: `filter` stands inside another loop; one level is the most',
    ],
    ['data.a.map(x, cel.bind(y, x, y)) == [1]', 'no fault'],
    [
      `${'('.repeat(100)}data.a${')'.repeat(100)}`,
      '50: an expression has at most 500 parts and 50 levels',
    ],
    [`${'!'.repeat(20_000)}data.a`, '0: the expression is nested too deeply'],
    [`data.a${' + 1'.repeat(300)} == 2`, '1005: an expression has at most 500 parts and 50 levels'],
  ] as const) {
    it(`is named with its place: ${cel.slice(0, 60)}`, () => {
      assert.equal(faultIn(cel), fault)
    })
  }
})
