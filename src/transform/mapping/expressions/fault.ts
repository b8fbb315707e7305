/** A mistake in an expression that is found when the mapping loads. */
export class Fault extends Error {
  /** The place in the source. */
  readonly offset: number

  constructor(text: string, offset: number) {
    super(text)
    this.offset = offset
  }
}
