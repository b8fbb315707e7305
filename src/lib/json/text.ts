import { findMembers, type Members, type Span, skipSpace } from './scan.ts'

/** The value of an event's text. It may have other members. */
export interface ParsedEvent {
  readonly event: string
  readonly properties: Readonly<Record<string, unknown>>
}

/**
 * Returns the raw text of one property of an event. When a name is given twice, the last one
 * counts, as in JSON.parse.
 */
export function propertyText(eventText: string, name: string): string | undefined {
  const span = propertiesOf(eventText, [name])?.values.get(name)
  return span && eventText.slice(span.start, span.end)
}

/**
 * Returns the text of an event with these properties set to these JSON texts. Every other byte
 * stays as it was. A value that JSON.parse would see is replaced in its place; a new member goes
 * last.
 */
export function withProperties(
  eventText: string,
  event: ParsedEvent,
  assignments: Readonly<Record<string, string>>,
): string {
  const names = Object.keys(assignments)
  if (names.length === 0) return eventText
  const { properties } = event
  // The last of the two members is then the properties, and no scan is needed: after `event`, the
  // text would end in a quote and a brace.
  const endsInProperties = Object.keys(event).length === 2 && eventText.endsWith('}}')
  if (!endsInProperties || names.some((name) => Object.hasOwn(properties, name))) {
    return withChanges(eventText, assignments)
  }
  const end = { closeAt: eventText.length - 2, empty: Object.keys(properties).length === 0 }
  return withMembers(eventText, end, Object.entries(assignments))
}

function withChanges(eventText: string, assignments: Readonly<Record<string, string>>): string {
  const properties = propertiesOf(eventText, Object.keys(assignments))
  if (properties === undefined) throw new TypeError('the properties of an event are not an object')
  const added: [string, string][] = []
  const replaced: { span: Span; value: string }[] = []
  for (const [name, value] of Object.entries(assignments)) {
    const span = properties.values.get(name)
    if (span === undefined) added.push([name, value])
    else replaced.push({ span, value })
  }
  // The edits go from the end to the start, so that no edit moves the place of the next.
  replaced.sort((a, b) => b.span.start - a.span.start)
  let text = withMembers(eventText, properties, added)
  for (const { span, value } of replaced) {
    text = text.slice(0, span.start) + value + text.slice(span.end)
  }
  return text
}

function withMembers(
  text: string,
  { closeAt, empty }: Pick<Members, 'closeAt' | 'empty'>,
  members: readonly [name: string, value: string][],
): string {
  if (members.length === 0) return text
  let added = ''
  let comma = empty ? '' : ','
  for (const [name, value] of members) {
    added += `${comma}${JSON.stringify(name)}:${value}`
    comma = ','
  }
  return text.slice(0, closeAt) + added + text.slice(closeAt)
}

function propertiesOf(eventText: string, names: readonly string[]): Members | undefined {
  const event = findMembers(eventText, skipSpace(eventText, 0), ['properties'])
  const span = event.values.get('properties')
  if (span === undefined || eventText[span.start] !== '{') return undefined
  return findMembers(eventText, span.start, names)
}
