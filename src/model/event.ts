import type { Rejected } from './outcome.ts'

/** One event's place in a message, with the text it was published as. */
export interface Line {
  /** From 1: the line of a text, the place in an array. */
  readonly number: number
  /**
   * Without the white space around it; may hold line breaks, where the event was laid out so. Bytes
   * that are not UTF-8 show as U+FFFD.
   */
  readonly text: string
  /** The bytes in base64, where they are not UTF-8. */
  readonly data?: string
  /** Set when no letter may hold the line: if it is rejected, its message is stored whole. */
  readonly isTooLong?: true
  /** Set when the line stands for all that follows it in the text as well. */
  readonly isRest?: true
}

/** What a line holds: a JSON value, or why none. */
export type Parsed = Readonly<{ kind: 'json'; value: unknown }> | Rejected

/** A line that is cut out of its body, and what it holds. */
export interface ReadLine {
  readonly line: Line
  readonly parsed: Parsed
}

/** The data of a message in bytes, inflated and without a byte-order mark. */
export interface Body {
  readonly bytes: Buffer
  /** Whether all of it is UTF-8; otherwise each line has to be checked. */
  readonly isUtf8: boolean
  /** Set when the memory has no room for the letter of a long line. */
  readonly isTight?: true
}

/** Where a line stands in the body, in bytes. */
export interface Place {
  /** From 1: the line of a text, the place in an array. */
  readonly number: number
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** What it holds, where that is known already. */
  readonly parsed?: Parsed
  /** Set when it reaches from a fault to the end of the text, whatever stands there. */
  readonly isRest?: true
}

/** What the data of one message turned out to be. */
export type Decoded = Readonly<
  /** No data at all: the transform may still make an event of the attributes. */
  | { kind: 'no_data' }
  /** A body and the places of its lines; none when it is blank. They may be gone through again. */
  | { kind: 'lines'; body: Body; lines: Iterable<Place> }
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
