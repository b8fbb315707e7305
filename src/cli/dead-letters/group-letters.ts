import type { StoredLetter } from '../../dead-letter/stored-letter.ts'
import { eventNameOf } from './event-name.ts'

/** A way to tell letters apart in a list. */
export const GROUPINGS = ['reason', 'field', 'event', 'day', 'subscription'] as const
export type Grouping = (typeof GROUPINGS)[number]

/** Letters that are alike, and when the first and the last of them was stored (ISO 8601). */
export interface LetterGroup {
  /** A value for each grouping; `undefined` where the letters have none. */
  readonly values: readonly (string | undefined)[]
  readonly letters: number
  readonly first: string
  readonly last: string
}

export interface LetterGroups {
  add(letter: StoredLetter): void
  /** Returns the groups, the largest first. */
  list(): readonly LetterGroup[]
}

type Growing = { -readonly [Key in keyof LetterGroup]: LetterGroup[Key] }

/** The groups that are held. Letters of further groups have one group, without values. */
const MOST_GROUPS = 10_000
const DAY_LENGTH = 'YYYY-MM-DD'.length

/** Makes groups of letters that are equal in all of these. */
export function createLetterGroups(by: readonly Grouping[]): LetterGroups {
  const groups = new Map<string, Growing>()

  return { add, list }

  function add(letter: StoredLetter): void {
    const at = letter.deadLetteredAt
    const group = groupOf(
      by.map((grouping) => partOf(letter, grouping)),
      at,
    )
    group.letters += 1
    if (at < group.first) group.first = at
    if (at > group.last) group.last = at
  }

  function groupOf(values: Growing['values'], at: string): Growing {
    const key = JSON.stringify(values)
    const known = groups.get(key)
    if (known) return known
    const isRest = values.every((value) => value === undefined)
    if (groups.size >= MOST_GROUPS && !isRest)
      return groupOf(
        by.map(() => undefined),
        at,
      )
    const begun = { values, letters: 0, first: at, last: at }
    groups.set(key, begun)
    return begun
  }

  function list(): readonly LetterGroup[] {
    return [...groups.values()].toSorted(
      (one, other) => other.letters - one.letters || (one.first < other.first ? -1 : 1),
    )
  }
}

function partOf(letter: StoredLetter, grouping: Grouping): string | undefined {
  switch (grouping) {
    case 'reason':
      return letter.reason
    case 'field':
      return letter.field
    case 'event':
      return eventNameOf(letter)
    case 'day':
      return letter.deadLetteredAt.slice(0, DAY_LENGTH)
    case 'subscription':
      return letter.message.subscription
  }
}
