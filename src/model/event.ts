import type { Rejected } from './outcome.ts'

/** One event's place in a message, with the text it was published as. */
export interface Line {
  /** The number of the line in a text, or the place in an array, from 1. */
  readonly number: number
  /**
   * The text without the white space around it. It may hold line breaks. Bytes that are not UTF-8
   * show as U+FFFD.
   */
  readonly text: string
  /** The bytes in base64, when they are not UTF-8. */
  readonly data?: string
  /** Set when the line is too long for a letter. If it is rejected, its message is stored whole. */
  readonly isTooLong?: true
  /** Set when the line stands for everything that follows it in the text, too. */
  readonly isRest?: true
}

/** The content of a line: a JSON value, or the reason why there is none. */
export type Parsed = Readonly<{ kind: 'json'; value: unknown }> | Rejected

/** A line that is cut out of its body, with its content. */
export interface ParsedLine {
  readonly line: Line
  readonly parsed: Parsed
}

/** The data of a message in bytes, inflated and without a byte-order mark. */
export interface Body {
  readonly bytes: Buffer
  /** Whether all of it is UTF-8. Otherwise each line has to be checked. */
  readonly isUtf8: boolean
  /** Set when the memory has no room for a letter with a long line. */
  readonly isTight?: true
}

/** The place of a line in the body, in bytes. */
export interface Place {
  /** The number of the line in a text, or the place in an array, from 1. */
  readonly number: number
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** The content of the line, where it is known already. */
  readonly parsed?: Parsed
  /** The text of a line that is all of a small text, together with its content. */
  readonly text?: string
  /** Set when the place reaches from a fault to the end of the text. */
  readonly isRest?: true
}

/** The result of decoding the data of one message. */
export type Decoded = Readonly<
  /**
   * A body and the places of its lines, which can be iterated again. A blank body has no places. A
   * message without data has one line without a value: the transform may make an event of its
   * attributes.
   */
  | { kind: 'lines'; body: Body; lines: Iterable<Place> }
  /** The data is not text, or too large. The message as a whole is rejected, as one event. */
  | { kind: 'undecodable'; outcome: Rejected }
  /** The message's time was up before it was its turn to be inflated. */
  | { kind: 'out_of_time' }
>

/** The lines of a message that could be decoded. */
export type DecodedLines = Extract<Decoded, { kind: 'lines' }>

/** An event before `prepare`: as published, or as the transform made it. */
export interface Candidate {
  readonly line: Line
  /** 0 for a single event; 1, 2, … for the children when a transform made several events of one. */
  readonly child: number
  /** The JSON text. `value` is its parsed value. */
  readonly text: string
  readonly value: unknown
  /** Set when a letter holds the event as it came out of the mapping. */
  readonly stage?: 'mapped'
  /** The text before the privacy section of the mapping; absent when there is none. */
  readonly unredacted?: string
}

/** An event as it is sent to Mixpanel. */
export interface PreparedEvent {
  readonly kind: 'prepared'
  /**
   * One JSON object, `{"event":…,"properties":{…}}`. It may hold line breaks, so it does not fit
   * NDJSON.
   */
  readonly text: string
  /** The length of `text` in UTF-8. */
  readonly bytes: number
  readonly insertId: string
  /**
   * The event's place among the equal events of its message, from 1; present when the insert id
   * depends on it.
   */
  readonly ordinal?: number
  /** Epoch ms. */
  readonly time: number
  /**
   * Whether the event is `$identify`, `$create_alias` or `$merge`. Such an event travels in a batch
   * with others of its kind only.
   */
  readonly identityVerb: boolean
}
