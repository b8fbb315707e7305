/** The least length of a secret whose end is shown: a quarter of it would be too much. */
const LEAST_SHOWN_LENGTH = 16
const SHOWN_CHARACTERS = 4

/** Returns the last four characters of a secret, by which its owner knows it; `undefined` when it is short. */
export function secretEnd(secret: string): string | undefined {
  return secret.length < LEAST_SHOWN_LENGTH ? undefined : secret.slice(-SHOWN_CHARACTERS)
}
