import { styleText } from 'node:util'
import type { Io, Output } from './io.ts'

/** The colours that commands use. */
export type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold'

/** Returns how to colour a text for this output: only on a terminal, and without `NO_COLOR`. */
export function createPaint(
  { isTerminal }: Pick<Output, 'isTerminal'>,
  { env }: Pick<Io, 'env'>,
): (colour: Colour, text: string) => string {
  // An empty NO_COLOR counts as unset (https://no-color.org).
  const isPlain = !isTerminal || Boolean(env.NO_COLOR) || env.TERM === 'dumb'
  return (colour, text) => (isPlain ? text : styleText(colour, text, { validateStream: false }))
}
