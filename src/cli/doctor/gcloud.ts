/** The value of a flag of gcloud. `true` is a flag without a value. */
export type FlagValue = string | number | true

/** Returns a command line for bash, with its values quoted where they need it. */
export function gcloud(
  words: readonly string[],
  flags: Readonly<Record<string, FlagValue>>,
): string {
  const rest = Object.entries(flags).flatMap(([name, value]) => {
    return value === true ? [`--${name}`] : [`--${name}`, quoted(String(value))]
  })
  return ['gcloud', ...words.map(quoted), ...rest].join(' ')
}

/** Quotes a word for bash, unless bash reads it as it is. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
