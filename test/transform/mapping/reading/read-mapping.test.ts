import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { MappingFile } from '../../../../src/transform/mapping/mapping-file.ts'
import { readMapping } from '../../../../src/transform/mapping/reading/read-mapping.ts'
import { problemsIn } from './problems-in.ts'

/** A file with one rule, of these lines. The first of them is line 4, and begins at column 5. */
function ruleOf(...lines: readonly string[]): string {
  return ['version: 1', 'rules:', '  - name: a', ...lines.map((line) => `    ${line}`)].join('\n')
}

/** A file with one rule and these lines, of which the first is line 5. */
function fileWith(...lines: readonly string[]): string {
  return `${ruleOf("event: 'x'", '')}\n`.replace(/\s+$/, '\n').concat(lines.join('\n'))
}

const TOP_KEYS = 'version, preset, rules, otherwise, privacy, cases, module'
const RULE_KEYS =
  'name, when, drop, reject, events, base, each, event, distinct_id, user_id, device_id, time, insert_id, groups, properties'

const STRUCTURE: readonly (readonly [what: string, text: string, ...problems: string[]])[] = [
  [
    'a misspelled key',
    'version: 1\n\nrules:\n  - name: a\n    when: data.x\n    drop: true\n  - name: b\n\n    evnt: x\n',
    '9:5 rules[1].evnt is unknown; did you mean event?',
  ],
  [
    'a key in another case',
    ruleOf("event: 'x'", "distinctId: 'x'"),
    '5:5 rules[0].distinctId is unknown; did you mean distinct_id?',
  ],
  [
    'a key of the properties beside them',
    ruleOf("event: 'x'", 'set: { a: 1 }'),
    '5:5 rules[0].set is unknown; it belongs below properties',
  ],
  [
    'a key like no other',
    'version: 1\nrules: [{ name: a, drop: true }]\nzzzzzzzzzzzz: 1',
    `3:1 zzzzzzzzzzzz is unknown; the keys here are ${TOP_KEYS}`,
  ],
  [
    'a key with a space',
    fileWith('"a b c d e f g h": 1'),
    `5:1 ["a b c d e f g h"] is unknown; the keys here are ${TOP_KEYS}`,
  ],
  [
    'a long key',
    `version: 1\npreset: a\n${'k'.repeat(61)}: 1`,
    `3:1 ["${'k'.repeat(60)}…"] is unknown; the keys here are ${TOP_KEYS}`,
  ],
  [
    'the longest key that is shown',
    `version: 1\npreset: a\n${'k'.repeat(60)}: 1`,
    `3:1 ${'k'.repeat(60)} is unknown; the keys here are ${TOP_KEYS}`,
  ],
  [
    'a value below a key with signs',
    ruleOf("event: 'x'", 'groups: { "a/b~c": 5 }'),
    '5:24 rules[0].groups["a/b~c"] must be a text, not a number; put it in single quotes',
  ],
  ['no version', 'rules: [{ name: a, drop: true }]', '1:1 version is missing; write version: 1'],
  ['another version', 'version: 2\npreset: segment', '1:10 version must be the number 1'],
  ['a version in quotes', "version: '1'\npreset: segment", '1:10 version must be the number 1'],
  ['nothing', '', '1:1 the file is empty; write version: 1'],
  ['a comment alone', '# nothing\n', '1:1 the file is empty; write version: 1'],
  ['a list', '- a\n', '1:1 the file must be a map of keys, not a list'],
  ['a text', 'version 1\n', '1:1 the file must be a map of keys, not a text'],
  [
    'the version alone',
    'version: 1',
    '1:1 the file maps nothing; add rules, preset, privacy or module',
  ],
  ['no rule', 'version: 1\nrules: []', '2:8 rules is empty'],
  ['rules without a value', 'version: 1\nrules:\n', '2:1 rules is empty; it must be a list'],
  ['a map of rules', 'version: 1\nrules: { a: b }', '2:8 rules must be a list, not a map of keys'],
  [
    'a rule that is a text',
    'version: 1\nrules:\n  - a',
    '3:5 rules[0] must be a map of keys, not a text',
  ],
  ['a rule without a name', 'version: 1\nrules:\n  - drop: true', '3:5 rules[0].name is missing'],
  [
    'a misspelled name',
    'version: 1\nrules:\n  - nam: a\n    drop: true',
    '3:5 rules[0].nam is unknown; did you mean name?',
  ],
  [
    'an empty rule',
    'version: 1\nrules:\n  - {}',
    '3:5 rules[0] does nothing; add drop: true, reject, event or events',
    '3:5 rules[0].name is missing',
  ],
  [
    'a rule with a name alone',
    ruleOf(),
    '3:5 rules[0] does nothing; add drop: true, reject, event or events',
  ],
  [
    'a rule that drops and makes an event',
    ruleOf('drop: true', "event: 'x'"),
    '3:5 rules[0] has drop and event; a rule drops, rejects or makes events: write two rules',
  ],
  [
    'a rule that drops, rejects and makes events',
    ruleOf('drop: true', 'reject: no', "events: [{ event: 'x' }]"),
    '3:5 rules[0] has drop, reject and events; a rule drops, rejects or makes events: write two rules',
  ],
  [
    'a rule with events and the id of one',
    ruleOf("events: [{ event: 'x' }]", "distinct_id: 'u'"),
    '3:5 rules[0] has events and distinct_id; write distinct_id in each shape below events',
  ],
  [
    'a shape without an event',
    ruleOf("distinct_id: 'u'"),
    '3:5 rules[0] has no event; add event, or base: preset',
  ],
  [
    'a shape without an event among others',
    ruleOf('events:', "  - event: 'x'", "  - distinct_id: 'u'"),
    '6:9 rules[0].events[1] has no event; add event, or base: preset',
  ],
  [
    'an empty shape among others',
    ruleOf("events: [{ event: 'x' }, {}]"),
    '4:30 rules[0].events[1] has no event; add event, or base: preset',
  ],
  ['a drop that is false', ruleOf('drop: false'), '4:11 rules[0].drop must be true'],
  ['a drop without a value', ruleOf('drop:'), '4:5 rules[0].drop must be true'],
  [
    'no events',
    ruleOf('events: []'),
    '4:13 rules[0].events is empty; a rule with drop: true drops',
  ],
  ['an empty reject', ruleOf("reject: ''"), '4:13 rules[0].reject is empty'],
  ['an empty when', ruleOf('when:', 'drop: true'), '4:5 rules[0].when is empty; it must be a text'],
  [
    'a when of null',
    ruleOf('when: ~', 'drop: true'),
    '4:11 rules[0].when is empty; it must be a text',
  ],
  ['a when without characters', ruleOf("when: ''", 'drop: true'), '4:11 rules[0].when is empty'],
  [
    'a when that is true',
    ruleOf('when: true', 'drop: true'),
    '4:11 rules[0].when must be a text, not true; put it in single quotes',
  ],
  [
    'an event that is a number',
    ruleOf('event: 5'),
    '4:12 rules[0].event must be a text, not a number; put it in single quotes',
  ],
  [
    'an insert id with a zero before it',
    ruleOf("event: 'x'", 'insert_id: 0123'),
    '5:16 rules[0].insert_id must be a text, not a number; put it in single quotes',
  ],
  [
    'a when that YAML takes for a map',
    ruleOf('when:', '  data.x ? a : b', 'drop: true'),
    '5:7 rules[0].when must be a text, not a map of keys; put the expression in single quotes',
  ],
  [
    'a group id that is a list',
    ruleOf("event: 'x'", 'groups: { company: [a] }'),
    '5:24 rules[0].groups.company must be a text, not a list; put the expression in single quotes',
  ],
  ['no groups', ruleOf("event: 'x'", 'groups: {}'), '5:13 rules[0].groups is empty'],
  ['another base', ruleOf('base: segment'), '4:11 rules[0].base must be preset'],
  [
    'names that are picked and omitted',
    ruleOf("event: 'x'", 'properties:', '  pick: [a]', '  omit: [b]'),
    '6:7 rules[0].properties has pick and omit; write one of the two',
  ],
  [
    'levels that are no number',
    ruleOf("event: 'x'", 'properties: { flatten: true }'),
    '5:28 rules[0].properties.flatten must be a whole number, not true',
  ],
  [
    'too few levels',
    ruleOf("event: 'x'", 'properties: { flatten: 0 }'),
    '5:28 rules[0].properties.flatten must be at least 1',
  ],
  [
    'too many levels',
    ruleOf("event: 'x'", 'properties: { flatten: 101 }'),
    '5:28 rules[0].properties.flatten must be at most 100',
  ],
  [
    'a number that JSON has not',
    ruleOf("event: 'x'", 'properties: { set: { a: 0123, b: .nan, c: 0x1f } }'),
    '5:29 rules[0].properties.set.a is 0123, which JSON has not; put a text in single quotes',
    '5:38 rules[0].properties.set.b is .nan, which JSON has not; put a text in single quotes',
    '5:47 rules[0].properties.set.c is 0x1f, which JSON has not; put a text in single quotes',
  ],
  [
    'a long name',
    `version: 1\nrules: [{ name: ${'n'.repeat(101)}, drop: true }]`,
    '2:17 rules[0].name has 101 characters, and may have 100',
  ],
  [
    'too many rules',
    `version: 1\nrules: [${Array.from({ length: 101 }, (_, at) => `{ name: r${at}, when: 'data.x${at}', drop: true }`).join(', ')}]`,
    '2:8 rules has 101 entries, and may have 100',
  ],
  [
    'another end',
    fileWith().replace("event: 'x'", "when: 'data.x'\n    drop: true\notherwise: droop"),
    '6:12 otherwise must be pass, drop or reject; did you mean drop?',
  ],
  [
    'an empty end',
    'version: 1\npreset: a\notherwise:',
    '3:1 otherwise is empty; it must be pass, drop or reject',
  ],
  [
    'an end that is a number',
    'version: 1\npreset: a\notherwise: 5',
    '3:12 otherwise must be pass, drop or reject',
  ],
  [
    'a name that is a large number',
    'version: 1\nrules:\n  - name: 12345678901234567890\n    drop: true',
    '3:11 rules[0].name must be a text, not a number; put it in single quotes',
  ],
  [
    'a preset that is a number',
    'version: 1\npreset: 5',
    '2:9 preset must be a name, or a map with a name and options',
  ],
  [
    'a preset without a name',
    'version: 1\npreset: { id_merge: original }',
    '2:9 preset.name is missing',
  ],
  [
    'a module beside a preset',
    'version: 1\nmodule: ./m.mjs\npreset: segment\n',
    '1:1 the file has module and preset; a module takes the place of the rules',
  ],
  [
    'a module beside an unknown key',
    'version: 1\nmodule: ./m.mjs\nzzzzzzzzz: 1\n',
    `3:1 zzzzzzzzz is unknown; the keys here are ${TOP_KEYS}`,
  ],
  [
    'a module beside rules',
    'version: 1\nmodule: ./map.mjs\nrules: [{ name: a, drop: true }]\notherwise: drop',
    '1:1 the file has module, rules and otherwise; a module takes the place of the rules',
    '4:1 otherwise cannot be reached: rules[0] "a" takes every event',
  ],
]

const PRIVACY: typeof STRUCTURE = [
  ['no step', 'version: 1\nprivacy: []', '2:10 privacy is empty'],
  [
    'a step without a key',
    'version: 1\nprivacy:\n  - {}',
    '3:5 privacy[0] does nothing; add one of remove, hash, mask, truncate, ip',
  ],
  [
    'two steps in one',
    'version: 1\nprivacy:\n  - remove: [a]\n    ip: drop',
    '3:5 privacy[0] has remove and ip; write a step for each',
  ],
  [
    'a hash without the name of its key',
    'version: 1\nprivacy:\n  - hash: ids',
    '3:5 privacy[0] has hash without key; name the environment variable that holds the key',
  ],
  [
    'a key without a hash',
    'version: 1\nprivacy:\n  - key: K',
    '3:5 privacy[0] does nothing; add one of remove, hash, mask, truncate, ip',
    '3:5 privacy[0] has key without hash',
  ],
  [
    'a key that is no name',
    'version: 1\nprivacy:\n  - hash: ids\n    key: s3cr3t+/=',
    '4:10 privacy[0].key must be the name of an environment variable, and never the key itself',
  ],
  [
    'another word than ids',
    'version: 1\nprivacy: [{ hash: id, key: K }]',
    '2:19 privacy[0].hash must be ids, or a list of paths',
  ],
  [
    'a path outside a list',
    'version: 1\nprivacy: [{ remove: a }]',
    '2:21 privacy[0].remove must be a list, not a text',
  ],
  [
    'a mask that is negative',
    'version: 1\nprivacy: [{ mask: { card: -1 } }]',
    '2:27 privacy[0].mask.card must be at least 0',
  ],
  [
    'another fate of the address',
    'version: 1\nprivacy: [{ ip: remove }]',
    '2:17 privacy[0].ip must be drop, keep or geo',
  ],
]

const CASES: typeof STRUCTURE = [
  [
    'a case without what is expected',
    fileWith('cases:', '  - name: a'),
    '6:5 cases[0].expect is missing',
  ],
  [
    'a number of events',
    fileWith('cases:', '  - name: a', '    expect: 2'),
    '7:13 cases[0].expect must be a list of events, or reject with a text',
  ],
  [
    'an event without properties',
    fileWith('cases:', '  - name: a', '    expect: [{ event: x }]'),
    '7:14 cases[0].expect[0] must have event and properties, or reject alone',
  ],
  [
    'an attribute that is a number',
    fileWith('cases:', '  - name: a', '    message: { attributes: { n: 5 } }', '    expect: []'),
    '7:33 cases[0].message.attributes.n must be a text, not a number; put it in single quotes',
  ],
  [
    'a publish time in another form',
    fileWith(
      'cases:',
      '  - name: a',
      "    message: { publishTime: '2026-01-31' }",
      '    expect: []',
    ),
    '7:29 cases[0].message.publishTime must be a time in RFC 3339, like 2026-01-31T12:00:00Z',
  ],
]

const QUOTES: typeof STRUCTURE = [
  [
    'a text that begins with !',
    ruleOf('when: !has(x)', 'drop: true'),
    '4:11 rules[0].when: YAML takes !has(x) for a tag; put the expression in single quotes',
  ],
  [
    'a longer text that begins with !',
    ruleOf('when: !has(x) && y', 'drop: true'),
    '4:11 rules[0].when: YAML takes !has(x) for a tag; put the expression in single quotes',
  ],
  [
    'a text that begins with &',
    ruleOf('when: &x y', 'drop: true'),
    '4:11 rules[0].when: YAML takes &x for an anchor; put the expression in single quotes',
  ],
  [
    'a text that begins with *',
    ruleOf('event: *x'),
    '4:12 rules[0].event: YAML takes *x for an alias; put the expression in single quotes',
  ],
  [
    'a text that begins with @',
    ruleOf('event: @x'),
    '4:12 rules[0].event: YAML takes no text that begins with @; put the expression in single quotes',
  ],
  [
    'a text that begins with a bracket',
    ruleOf('when: [1].exists(x, x == 1)', 'drop: true'),
    '4:11 rules[0].when: YAML takes no text that begins with [; put the expression in single quotes',
  ],
  [
    'a text with a colon',
    ruleOf('when: data.x ? "a" : "b"', 'drop: true'),
    '4:11 rules[0].when: YAML takes the text before ": " for a key; put the expression in single quotes',
  ],
  [
    'a text with a colon in a map',
    ruleOf("event: 'x'", 'groups: { a: x : y }'),
    '5:18 rules[0].groups.a: YAML takes the text before ": " for a key; put the expression in single quotes',
  ],
  [
    'a text with #',
    ruleOf('event: Order #5'),
    '4:12 rules[0].event: YAML takes " #" for the beginning of a comment; put the expression in single quotes',
  ],
  [
    'a text with # after two spaces',
    ruleOf('when: data.x  # c', 'drop: true'),
    '4:11 rules[0].when: YAML takes " #" for the beginning of a comment; put the expression in single quotes',
  ],
  [
    'a text with a colon, without the quotes of the lines below',
    ruleOf('when: data.x ? "a" : "b"', "event: 'x'"),
    '4:11 rules[0].when: YAML takes the text before ": " for a key; put the expression in single quotes',
  ],
  [
    'a text that begins with a quote',
    ruleOf('when: "x" == data.y', 'drop: true'),
    '4:11 rules[0].when: YAML takes the text to end at its second quote; put the expression in single quotes',
  ],
  [
    "a text with ' in it",
    ruleOf("when: 'data.x' in data.y", 'drop: true'),
    "4:11 rules[0].when: YAML takes the text to end at its second quote; put the expression in single quotes, with each ' in it doubled",
  ],
  [
    'an expression in a map',
    ruleOf("event: 'x'", `groups: { a: \${data.x} }`),
    '5:18 rules[0].groups.a: YAML takes the brace of an expression inside { } or [ ] for a map; put the expression in single quotes',
  ],
  [
    'an expression in a list',
    ruleOf("event: 'x'", `groups: [\${data.x}]`),
    '5:14 rules[0].groups[0]: YAML takes the brace of an expression inside { } or [ ] for a map; put the expression in single quotes',
  ],
  [
    'a text with # that is no expression without its rest',
    ruleOf('when: data.x == "a #5"', 'drop: true'),
    '4:11 rules[0].when: YAML takes " #" for the beginning of a comment; put the expression in single quotes',
  ],
  [
    'a text that begins with >',
    ruleOf('when: >3', 'drop: true'),
    '4:11 rules[0].when: YAML takes > for the beginning of a text on the lines below; put the expression in single quotes',
  ],
  [
    'a text that begins with |',
    ruleOf('when: |3', 'drop: true'),
    '4:11 rules[0].when: YAML takes | for the beginning of a text on the lines below; put the expression in single quotes',
  ],
  [
    'the first of an anchor and a tag',
    ruleOf('when: &a !b x', 'drop: true'),
    '4:11 rules[0].when: YAML takes &a for an anchor; put the expression in single quotes',
  ],
  [
    'a tag behind a bracket',
    ruleOf("event: 'x'", 'properties: { set: { a: [!x b] } }'),
    '5:30 rules[0].properties.set.a[0]: YAML takes !x for a tag; put the expression in single quotes',
  ],
  [
    'a tag below a key with a space',
    'version: 1\n"a b": { x: !y z }\n',
    '2:13 ["a b"].x: YAML takes !y for a tag; put the expression in single quotes',
  ],
  [
    'a tag beside a number that JSON has not',
    ruleOf("event: 'x'", 'properties: { set: { a: 0123, b: !!str 5 } }'),
    '5:29 rules[0].properties.set.a is 0123, which JSON has not; put a text in single quotes',
    '5:38 rules[0].properties.set.b: YAML takes !!str for a tag; put the expression in single quotes',
  ],
]

/** Mistakes after which YAML reads on as it was meant, each before another mistake. */
const MORE: typeof STRUCTURE = [
  [
    'a backslash',
    'event: "\\d"',
    '4:13 a \\ in double quotes begins an escape; single quotes keep it as it is',
    '5:5 rules[1] cannot be reached: rules[0] "a" takes every event',
  ],
  [
    'a second quote',
    'when: "x" == data.y',
    '4:11 rules[0].when: YAML takes the text to end at its second quote; put the expression in single quotes',
  ],
  [
    'a sign at the beginning of a text',
    'event: @x',
    '4:12 rules[0].event: YAML takes no text that begins with @; put the expression in single quotes',
    '5:5 rules[1] cannot be reached: rules[0] "a" takes every event',
  ],
  [
    'a colon in a text',
    'when: data.x ? "a" : "b"',
    '4:11 rules[0].when: YAML takes the text before ": " for a key; put the expression in single quotes',
  ],
]

const YAML: typeof STRUCTURE = [
  [
    'a key that is given twice',
    ruleOf('drop: true', 'drop: true'),
    '5:5 rules[0].drop is given twice',
  ],
  [
    'a merge key',
    ruleOf('drop: true', '<<: { a: 1 }'),
    `5:5 rules[0]["<<"] is unknown; the keys here are ${RULE_KEYS}`,
  ],
  [
    'an alias',
    'version: 1\nrules: &r [{ name: a, drop: true }]\ncases: *r',
    '2:8 rules: YAML takes &r for an anchor; put the expression in single quotes',
    '3:8 cases: YAML takes *r for an alias; put the expression in single quotes',
  ],
  [
    'a tag that YAML knows',
    ruleOf('event: !!str 5'),
    '4:12 rules[0].event: YAML takes !!str for a tag; put the expression in single quotes',
  ],
  [
    'a tag on a map',
    '!x\nversion: 1\npreset: segment',
    '1:1 the file: YAML takes !x for a tag; put the expression in single quotes',
  ],
  [
    'two documents',
    'version: 1\npreset: segment\n---\nversion: 1\n',
    '3:1 a second document begins here; a mapping file holds one',
  ],
  [
    'a directive that YAML has not',
    '%FOO\n---\nversion: 1\npreset: segment\n',
    '1:1 YAML has no such directive; leave out the line',
  ],
  [
    'a tab in the indentation',
    'version: 1\nrules:\n\t- name: a\n',
    '3:1 a tab stands in the indentation; write spaces',
  ],
  [
    'a quote that is not closed',
    ruleOf('event: "x', 'drop: true'),
    '4:12 rules[0].event: the quote is not closed',
  ],
  [
    'a backslash in double quotes',
    ruleOf('event: "\\d"'),
    '4:13 a \\ in double quotes begins an escape; single quotes keep it as it is',
  ],
  [
    'an expression in a map before other mistakes',
    `version: 1\nrules:\n  - name: a\n    evnt: x\n  - name: b\n    groups: { a: \${x} }\n  - name: c\n    evnt: x`,
    '4:5 rules[0].evnt is unknown; did you mean event?',
    '6:18 rules[1].groups.a: YAML takes the brace of an expression inside { } or [ ] for a map; put the expression in single quotes',
  ],
  ['levels without end', `version: 1\nrules: ${'['.repeat(10_000)}`, '2:9 the file nests too deep'],
  [
    'more levels than an event may have',
    `version: 1\npreset: a\ncases:\n  - name: a\n    input: ${'['.repeat(101)}${']'.repeat(101)}\n    expect: []`,
    '5:110 cases nests too deep',
  ],
  [
    'a tag alone',
    '!tag\n',
    '1:1 the file: YAML takes !tag for a tag; put the expression in single quotes',
  ],
  [
    'a key that YAML cannot end',
    '{"version": 1,\n"preset" "a"}',
    '2:10 preset: missing , or : between flow map items',
  ],
  [
    'keys on another column than those before',
    'version: 1\n  preset: a\n',
    '1:10 version: nested mappings are not allowed in compact mappings',
  ],
  [
    'two mistakes of quotes',
    'version: 1\nrules:\n  - name: a\n    event: "\\d"\n  - name: b\n    event: "\\q"\n',
    '4:13 a \\ in double quotes begins an escape; single quotes keep it as it is',
    '6:13 a \\ in double quotes begins an escape; single quotes keep it as it is',
  ],
  [
    'a list among the keys of a map',
    'version: 1\nrules:\n  - name: a\n    event: x\n- b',
    '5:1 rules[0]: a list stands where a key of a map must stand',
  ],
  [
    'a key without a space',
    ruleOf('event:x'),
    '4:5 rules[0]["event:x"]: this is no key with a value; write a colon and a space after a key',
  ],
  [
    'a map that is not closed',
    ruleOf("event: 'x'", 'properties: { set: { a: 1 }', ''),
    '6:5 rules[0].properties: a } is missing before this place',
  ],
  [
    'a list that is not closed',
    ruleOf("events: [{ event: 'x' }", 'x: 1'),
    '5:5 rules[0].events[0]: a ] is missing before this place',
  ],
]

const ORDER: typeof STRUCTURE = [
  [
    'a name that is given twice',
    'version: 1\nrules:\n  - { name: a, when: data.x, drop: true }\n  - { name: a, drop: true }',
    '4:13 rules[1].name is that of rules[0]; the names of rules must differ',
  ],
  [
    'a name of ours',
    'version: 1\nrules:\n  - { name: otherwise, when: data.x, drop: true }\n  - { name: "privacy[0] remove", when: data.y, drop: true }',
    '3:13 rules[0].name is taken: `otherwise` and the steps of `privacy` are counted by such names',
    '4:13 rules[1].name is taken: `otherwise` and the steps of `privacy` are counted by such names',
  ],
  [
    'a condition that never holds',
    "version: 1\nrules:\n  - { name: a, when: 'false', drop: true }",
    '3:22 rules[0].when never holds',
  ],
  [
    'a condition that never holds, with spaces around it',
    "version: 1\nrules:\n  - { name: a, when: ' false ', drop: true }",
    '3:22 rules[0].when never holds',
  ],
  [
    'an end after a rule that starts with the preset',
    'version: 1\npreset: segment\nrules:\n  - { name: a, base: preset }\notherwise: drop',
    '5:1 otherwise cannot be reached: rules[0] "a" takes every event',
  ],
  [
    'rules without names and texts',
    'version: 1\nrules:\n  - { when: 5, drop: true }\n  - { when: 5, drop: true }',
    '3:5 rules[0].name is missing',
    '3:13 rules[0].when must be a text, not a number; put it in single quotes',
    '4:5 rules[1].name is missing',
    '4:13 rules[1].when must be a text, not a number; put it in single quotes',
  ],
  [
    'an empty rule alone, and not those after it',
    'version: 1\nrules:\n  - {}\n  - { name: b, drop: true }',
    '3:5 rules[0] does nothing; add drop: true, reject, event or events',
    '3:5 rules[0].name is missing',
  ],
  [
    'a rule after one without a name',
    'version: 1\nrules:\n  - drop: true\n  - { name: b, drop: true }',
    '3:5 rules[0].name is missing',
    '4:5 rules[1] cannot be reached: rules[0] takes every event',
  ],
  [
    'a name that is given twice, beside a number that JSON has not',
    'version: 1\nrules:\n  - { name: a, when: data.x, drop: true }\n  - { name: a, event: e, properties: { set: { n: 0123 } } }',
    '4:13 rules[1].name is that of rules[0]; the names of rules must differ',
    '4:50 rules[1].properties.set.n is 0123, which JSON has not; put a text in single quotes',
  ],
  [
    'a rule after one without when',
    'version: 1\nrules:\n  - { name: a, drop: true }\n  - { name: b, when: data.x, drop: true }',
    '4:5 rules[1] cannot be reached: rules[0] "a" takes every event',
  ],
  [
    'a rule after one that is always true',
    "version: 1\nrules:\n  - { name: a, when: 'true', drop: true }\n  - { name: b, drop: true }",
    '4:5 rules[1] cannot be reached: rules[0] "a" takes every event',
  ],
  [
    'a rule with the condition of an earlier one',
    'version: 1\nrules:\n  - { name: a, when: data.x, drop: true }\n  - { name: b, when: data.x, reject: no }',
    '4:5 rules[1] cannot be reached: rules[0] "a" has the same when',
  ],
  [
    'ends after a rule without when',
    'version: 1\npreset: segment\nrules:\n  - { name: a, drop: true }\notherwise: drop',
    '2:1 preset cannot be reached: rules[0] "a" takes every event',
    '5:1 otherwise cannot be reached: rules[0] "a" takes every event',
  ],
  [
    'a base without a preset',
    ruleOf('events:', '  - base: preset'),
    '5:15 rules[0].events[0].base needs a preset, and the file has none',
  ],
]

const EXPRESSIONS: typeof STRUCTURE = [
  [
    'a plain text',
    ruleOf('when: data.x && dat', 'drop: 1'),
    '4:21 rules[0].when: `dat` is not known; did you mean data?',
    '5:11 rules[0].drop must be true',
  ],
  [
    'a text in single quotes',
    ruleOf("event: 'a ${dat}'", 'evnts: []'),
    '4:17 rules[0].event: `dat` is not known; did you mean data?',
    '5:5 rules[0].evnts is unknown; did you mean events?',
  ],
  [
    'item outside each, and not in its shape',
    ruleOf("each: '${item}'", "when: 'item.y'", "event: '${item.x}'", 'x: 1'),
    '4:14 rules[0].each: `item` is known only in a shape with `each`',
    '5:12 rules[0].when: `item` is known only in a shape with `each`',
    `7:5 rules[0].x is unknown; the keys here are ${RULE_KEYS}`,
  ],
  [
    'item in a shape without each, and not in the one beside it',
    ruleOf(
      'events:',
      "  - { each: '${data.a}', event: '${item.x}', properties: { set: { a: ['${index}'] } } }",
      "  - { event: '${item.y}' }",
      'x: 1',
    ),
    '6:21 rules[0].events[1].event: `item` is known only in a shape with `each`',
    `7:5 rules[0].x is unknown; the keys here are ${RULE_KEYS}`,
  ],
  [
    'a text anywhere in set and in groups, and not in names',
    ruleOf(
      "event: 'x'",
      'properties:',
      "  set: { a: ['${dat}', { b: '${item}' }], c: 'dat', d: 5 }",
      "  rename: { a: '${dat}' }",
      "groups: { g: '${dat}' }",
      'x: 1',
    ),
    '6:21 rules[0].properties.set.a[0]: `dat` is not known; did you mean data?',
    '6:36 rules[0].properties.set.a[1].b: `item` is known only in a shape with `each`',
    '8:21 rules[0].groups.g: `dat` is not known; did you mean data?',
    `9:5 rules[0].x is unknown; the keys here are ${RULE_KEYS}`,
  ],
]

describe('the reading of a mapping file', () => {
  for (const [what, text, ...problems] of [
    STRUCTURE,
    PRIVACY,
    CASES,
    QUOTES,
    YAML,
    ORDER,
    EXPRESSIONS,
  ].flat()) {
    it(`names the place of ${what}`, () => {
      assert.deepEqual(problemsIn(text), problems)
    })
  }

  for (const [what, line, ...problems] of MORE) {
    it(`goes on after ${what}`, () => {
      const text = ruleOf(line).concat('\n  - name: b\n    evnt: x')

      assert.deepEqual(problemsIn(text), [
        ...problems,
        '6:5 rules[1].evnt is unknown; did you mean event?',
      ])
    })
  }
})

describe('the reading of a good mapping file', () => {
  it('takes the file of JSON with tabs as it takes YAML', () => {
    const json =
      '{\n\t"$schema": "./mapping.schema.json",\n\t"version": 1,\n\t"preset": "segment"\n}\n'

    assert.deepEqual(fileIn(json), {
      $schema: './mapping.schema.json',
      version: 1,
      preset: 'segment',
    })
  })

  for (const [what, text] of [
    ['a byte-order mark', '\uFEFFversion: 1\npreset: segment\n'],
    ['lines that end with CR and LF', 'version: 1\r\npreset: segment\r\n'],
    ['the marks of a document', '---\nversion: 1\npreset: segment\n...\n'],
    ['comments', "# a\nversion: 1 # b\npreset: 'segment' # c\n"],
  ] as const) {
    it(`takes ${what}`, () => {
      assert.deepEqual(fileIn(text), { version: 1, preset: 'segment' })
    })
  }

  it('takes a comment after a text in quotes', () => {
    assert.deepEqual(problemsIn(ruleOf("when: 'data.x' # a", 'drop: true # b')), [])
    assert.deepEqual(problemsIn(ruleOf('when: data.x', '# a', 'drop: true')), [])
  })

  it('counts columns after a byte-order mark, and lines that end with CR and LF', () => {
    assert.deepEqual(problemsIn('\uFEFFversion: 2\r\npreset: segment'), [
      '1:10 version must be the number 1',
    ])
    assert.deepEqual(problemsIn('version: 1\r\npreset: 5'), [
      '2:9 preset must be a name, or a map with a name and options',
    ])
  })

  it('keeps each digit of an integer, and every key', () => {
    const file = fileIn(
      'version: 1\npreset: a\ncases:\n  - name: a\n    input: { n: 9007199254740993, __proto__: 1, yes: no, mark: "\uFEFFa" }\n    expect: []',
    )

    const input = file?.cases?.[0]?.input
    assert.deepEqual(Object.entries(Object(input)), [
      ['n', 9007199254740993n],
      ['__proto__', 1],
      ['yes', 'no'],
      ['mark', '\uFEFFa'],
    ])
  })

  it('reads ten thousand keys of a map', () => {
    const keys = Array.from({ length: 10_000 }, (_, at) => `      k${at}: ${at}\n`)

    const file = fileIn(
      `version: 1\npreset: a\ncases:\n  - name: a\n    input:\n${keys.join('')}    expect: []`,
    )

    assert.equal(Object.keys(Object(file?.cases?.[0]?.input)).length, 10_000)
  })
})

describe('the place in an expression', () => {
  for (const [what, lines, ...problems] of [
    [
      'a plain text',
      ['when: data.x && dat'],
      '4:21 rules[0].when: `dat` is not known; did you mean data?',
    ],
    [
      'single quotes',
      ["when: 'data.x && dat'"],
      '4:22 rules[0].when: `dat` is not known; did you mean data?',
    ],
    [
      'double quotes',
      ['when: "data.x && dat"'],
      '4:22 rules[0].when: `dat` is not known; did you mean data?',
    ],
    [
      'a text after an escape',
      [`when: '"it''s" && dat'`],
      '4 rules[0].when: `dat` is not known; did you mean data?\n    "it\'s" && dat\n              ^',
    ],
    [
      'a text before an escape',
      [`when: 'dat == "it''s"'`],
      '4:12 rules[0].when: `dat` is not known; did you mean data?',
    ],
    [
      'the end of a line of several',
      ['when: |', '  data.x)', '  && data.y'],
      '4 rules[0].when: `)` is not expected here\n    data.x)\n          ^',
    ],
    [
      'a text with a tab',
      ['when: |', '  data.x\t&& dat'],
      '4 rules[0].when: `dat` is not known; did you mean data?\n    data.x && dat\n              ^',
    ],
    [
      'a folded text',
      ['when: >-', '  data.x', '  && dat'],
      '4 rules[0].when: `dat` is not known; did you mean data?\n    data.x && dat\n              ^',
    ],
    [
      'a text of several lines',
      ['when: |', '  data.x', '  && dat'],
      '4 rules[0].when: `dat` is not known; did you mean data?\n    && dat\n       ^',
    ],
  ] as const) {
    it(`is told for ${what}`, () => {
      assert.deepEqual(problemsIn(ruleOf(...lines, 'drop: true', 'x: 1')).slice(0, 1), problems)
    })
  }
})

describe('every mapping file', () => {
  it('is read, or has a mistake with a place and a path', () => {
    const keys = fc.constantFrom('version', 'rules', 'name', 'when', 'drop', 'event', 'events', 'x')
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 1, true, '', 'a', 'true'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
      ),
    }))
    const rules = fc.array(fc.dictionary(keys, tree, { maxKeys: 4 }), { maxLength: 3 })

    fc.assert(
      fc.property(fc.oneof(tree, fc.record({ version: fc.constant(1), rules })), (value) => {
        const read = readMapping(JSON.stringify(value))
        if (read.kind === 'read') return
        assert.notEqual(read.problems.length, 0)
        for (const { line, text } of read.problems)
          assert.ok(line === 1 && !text.includes('undefined'))
      }),
    )
  })
})

function fileIn(text: string): MappingFile | undefined {
  const read = readMapping(text)
  assert.deepEqual(read.kind === 'broken' ? read.problems : [], [])
  return read.kind === 'read' ? read.file : undefined
}
