/** What the arguments come to; where `parse` throws, ends the process with 2, the error and the help. */
export function argumentsOrExit<T>(help: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exit(2)
  }
}
