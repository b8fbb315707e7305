import type { Rejected } from './outcome.ts'

/** One event's place in a message, with the text it was published as. */
export interface Line {
  /** From 1: the line of a text, the place in an array. */
  readonly number: number
  /** Without the white space around it; may hold line breaks, where the event was laid out so. */
  readonly text: string
}

/** What a line holds: a JSON value, or why none. */
export type Parsed = Readonly<{ kind: 'json'; value: unknown }> | Rejected

/** A line of a message's data, before it is parsed: unless that was needed to find it. */
export interface DecodedLine extends Line {
  readonly parsed?: Parsed
}

/** What the data of one message turned out to be. */
export type Decoded = Readonly<
  /** No data at all: the transform may still make an event of the attributes. */
  | { kind: 'no_data' }
  /**
   * Text, line by line; none when it was blank. Each is cut out when its turn comes; whoever goes
   * through them once more is given the same.
   */
  | { kind: 'lines'; lines: Iterable<DecodedLine> }
  /** Not text, or too much of it: the message as a whole is rejected, as one event. */
  | { kind: 'undecodable'; outcome: Rejected }
  /** Its turn to be inflated did not come before the message's time was up. */
  | { kind: 'out_of_time' }
>

/** An event on its way to `prepare`: as published, or as the transform made it. */
export interface Candidate {
  readonly line: Line
  /** 0 for an only event; 1, 2, … for the children of a transform that made several of one. */
  readonly child: number
  /** JSON, and the value it parses to. */
  readonly text: string
  readonly value: unknown
}

/** An event as Mixpanel will be sent it. */
export interface PreparedEvent {
  readonly kind: 'prepared'
  /** One JSON object, `{"event":…,"properties":{…}}`; may hold line breaks, so not for NDJSON. */
  readonly text: string
  /** Length of `text` in UTF-8. */
  readonly bytes: number
  readonly insertId: string
  /** From 1: its place among the events of its message that are sent alike, where its id rests on it. */
  readonly ordinal?: number
  /** Epoch ms. */
  readonly time: number
  /** `$identify`, `$create_alias` or `$merge`: travels in a batch of its own kind. */
  readonly identityVerb: boolean
}
