const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
const CODE = /^[A-Z]{2}$/

/** The code of the region that is not known. */
const UNKNOWN = 'ZZ'
/** The names that rows of before 2022 have. */
const FORMER_NAMES = [['turkey', 'TR']] as const

const CODES = codesByName()

/**
 * Returns the code of a country, two letters, by its English name in CLDR, which Google's exports
 * hold; `undefined` for any other name.
 */
export function countryCodeOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  return CODE.test(name) ? name : CODES.get(plainNameOf(name))
}

/** Some names have a short form, too: `Hong Kong` is one. */
function codesByName(): ReadonlyMap<string, string> {
  const codes = new Map<string, string>(FORMER_NAMES)
  const pairs = LETTERS.flatMap((first) => LETTERS.map((second) => `${first}${second}`))
  for (const style of ['short', 'long'] as const) {
    const names = new Intl.DisplayNames('en', { type: 'region', style, fallback: 'none' })
    for (const code of pairs.filter(isCurrent)) {
      const name = names.of(code)
      if (name !== undefined) codes.set(plainNameOf(name), code)
    }
  }
  return codes
}

/** Whether a code stands for itself: the name of `DD` is that of `DE`. */
function isCurrent(code: string): boolean {
  return code !== UNKNOWN && new Intl.Locale(`und-${code}`).region === code
}

function plainNameOf(name: string): string {
  return name.toLowerCase().replaceAll('’', "'").replaceAll('&', 'and')
}
