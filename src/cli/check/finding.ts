import type { RuleStep } from '../../transform/mapping/compiled-mapping.ts'

/** The kinds of findings about what only Mixpanel judges, or does without a word. */
export const WARNINGS = [
  'cut',
  'too_many',
  'too_deep',
  'long_array',
  'reserved',
  'ignored',
  'too_old',
  'many_names',
  'hot_id',
] as const

export type WarningKind = (typeof WARNINGS)[number]
/** The kinds of findings about an event that the service cannot import. */
export type BadKind = 'not_json' | 'rejected'
export type FindingKind = 'changed' | 'dropped' | BadKind | WarningKind

/** Something to say about one event, before its place is known. */
export interface Remark {
  readonly kind: FindingKind
  /** The part of the event, in Mixpanel's notation: `properties.time`. */
  readonly field?: string
  readonly detail: string
}

/** A remark about one event, or about a file as a whole. */
export interface Finding extends Remark, FoundAt {}

/** The place of an event. */
export interface FoundAt {
  readonly file: string
  /** Absent for the file as a whole. */
  readonly line?: number
  /** Absent when the event begins the line, and the fault has no place of its own. */
  readonly column?: number
  /** The place among the events that the transform made of the line, when it made several. */
  readonly child?: number
}

/** An event with all that there is to say about it. */
export interface ExplainedEvent extends FoundAt {
  /** The text in the file. It is absent when the file cannot be read. */
  readonly input?: string
  /** The steps of the rules of a mapping; absent for all events of a line but the first. */
  readonly steps?: readonly RuleStep[]
  /** The text that a transform made of it. */
  readonly made?: string
  /** The text that the service would send, where it would send the event. */
  readonly sent?: string
  readonly remarks: readonly Remark[]
}

/** Whether a kind means that the service cannot import the event. */
export function isBad(kind: FindingKind): kind is BadKind {
  return kind === 'rejected' || kind === 'not_json'
}

export function isWarning(kind: FindingKind): kind is WarningKind {
  return WARNINGS.some((warning) => warning === kind)
}
