import fc from 'fast-check'
import { anyText } from '../../helpers/any-text.ts'

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 2 })

const string = anyText({ maxLength: 8 })
const stringText = written(string)

const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => JSON.stringify(number)),
  fc.constantFrom('-0', '1.50', '1e5', '-1E+2', '1e400', '12345678901234567890'),
)

/**
 * None begins with a backslash: once such a name was parsed, V8 may take another whose escape looks
 * like it for the same (https://github.com/nodejs/node/issues/63785).
 */
export const nameText = fc.oneof(
  written(string.filter((name) => !name.startsWith('\\'))),
  fc
    .constantFrom('time', '$insert_id', 'properties', 'event', '__proto__', '')
    .chain((name) => fc.constantFrom(JSON.stringify(name), escapedText(name))),
)

const texts = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    numberText,
    stringText,
    fc.constantFrom('true', 'false', 'null'),
    tie('array'),
    tie('object'),
  ),
  array: enclosed('[', spaced(tie('value')), ']'),
  object: enclosed('{', memberText(nameText, tie('value')), '}'),
}))

/** JSON as other languages and people write it: odd spaces, escapes, names given twice. */
export const jsonText = texts.value
export const jsonArrayText = spaced(texts.array)
export const jsonObjectText = spaced(texts.object)

const eventMember = memberText(fc.constantFrom('"event"', escapedText('event')), stringText)
const propertiesMember = memberText(
  fc.constantFrom('"properties"', escapedText('properties')),
  jsonObjectText,
)

/** An event whose two members, and others at times, come in any order and more than once. */
export const eventText = fc
  .tuple(
    eventMember,
    propertiesMember,
    fc.array(fc.oneof(eventMember, propertiesMember), { maxLength: 2 }),
    fc.array(memberText(fc.constantFrom('"properties2"', '"p"', '""'), jsonText), { maxLength: 1 }),
  )
  .chain(([event, properties, again, others]) => {
    const members = [event, properties, ...again, ...others]
    return fc.shuffledSubarray(members, { minLength: members.length })
  })
  .chain((members) => spaced(fc.constant(`{${members.join(',')}}`)))

/** One member of an object: its name, its value and space around them. */
export function memberText(name: fc.Arbitrary<string>, value: fc.Arbitrary<string>) {
  return fc.tuple(spaced(name), spaced(value)).map((deps) => deps.join(':'))
}

/** Up to four items between brackets or braces. */
export function enclosed(open: string, item: fc.Arbitrary<string>, close: string) {
  return fc
    .tuple(space, fc.array(item, { maxLength: 4 }))
    .map(([inside, items]) => `${open}${items.length === 0 ? inside : items.join(',')}${close}`)
}

function spaced(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(space, text, space).map((deps) => deps.join(''))
}

/** As JSON, every character escaped or as few as can be. */
function written(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(text, fc.boolean())
    .map(([one, escaped]) => (escaped ? escapedText(one) : JSON.stringify(one)))
}

function escapedText(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`
}
