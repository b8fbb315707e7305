/** Parses the arguments. If `parse` throws, prints the error and the help, and exits with 2. */
export function argumentsOrExit<T>(help: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${help}`)
    process.exit(2)
  }
}
