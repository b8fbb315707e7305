/**
 * Called with the text of a value that was taken away, and with the text that takes its place:
 * `undefined` when nothing does. It is called for each value inside a list or object that goes.
 */
export type NoteValue = (before: string, after: string | undefined) => void

/** The part of the owner's privacy section that letters need. */
export interface Redaction {
  /**
   * Applies the paths that begin with `**` to a JSON text of any form. Returns `undefined` when the
   * text is no JSON.
   */
  redactAnywhere(text: string, noteValue: NoteValue): string | undefined
  /** Calls `noteValue` with each value that the section takes away from an event. */
  noteRemoved(eventText: string, noteValue: NoteValue): void
}
