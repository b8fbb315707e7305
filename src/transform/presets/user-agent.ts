/** A name, the words that a user agent of it holds, and what comes before its version. */
type Browser = readonly [name: string, words: readonly string[], prefixes: readonly string[]]

const OPERA = ['Opera Mini/', 'OPR/']
const BLACKBERRY = ['Version/', 'BlackBerry ']
const IE_MOBILE = ['rv:', 'IEMobile/']
const IE = ['rv:', 'MSIE ']
const VERSION = ['Version/']

/**
 * The browsers by the names of Mixpanel's JavaScript SDK, in its order
 * (https://github.com/mixpanel/mixpanel-js/blob/master/src/utils.js). The SDK knows Safari by the
 * vendor of the navigator, which a user agent does not hold: here, Safari comes last.
 */
const BROWSERS: readonly Browser[] = [
  ['Opera Mini', ['Opera Mini'], OPERA],
  ['Opera Mini', [' OPR/', 'Mini'], OPERA],
  ['Opera', [' OPR/'], OPERA],
  ['BlackBerry', ['BlackBerry'], BLACKBERRY],
  ['BlackBerry', ['PlayBook'], BLACKBERRY],
  ['BlackBerry', ['BB10'], BLACKBERRY],
  ['Internet Explorer Mobile', ['IEMobile'], IE_MOBILE],
  ['Internet Explorer Mobile', ['WPDesktop'], IE_MOBILE],
  ['Samsung Internet', ['SamsungBrowser/'], ['SamsungBrowser/']],
  ['Microsoft Edge', ['Edge/'], ['Edge/']],
  ['Microsoft Edge', ['Edg/'], ['Edg/']],
  ['Microsoft Edge', ['EdgA/'], ['EdgA/']],
  ['Microsoft Edge', ['EdgiOS/'], ['EdgiOS/']],
  ['Facebook Mobile', ['FBIOS'], []],
  ['Whale Browser', ['Whale/'], ['Whale/']],
  ['Chrome', ['Chrome/'], ['Chrome/']],
  ['Chrome iOS', ['CriOS/'], ['CriOS/']],
  ['UC Browser', ['UCBrowser/'], ['UCBrowser/']],
  ['UC Browser', ['UCWEB/'], ['UCWEB/']],
  ['Firefox iOS', ['FxiOS/'], ['FxiOS/']],
  ['Android Mobile', ['Android', 'AppleWebKit'], VERSION],
  ['Konqueror', ['Konqueror/'], ['Konqueror/']],
  ['Firefox', ['Firefox/'], ['Firefox/']],
  ['Internet Explorer', ['MSIE '], IE],
  ['Internet Explorer', ['Trident/'], IE],
  ['Mobile Safari', ['AppleWebKit', 'Mobile/'], VERSION],
  ['Safari', ['AppleWebKit', 'Safari/'], VERSION],
]

/** A version, major and minor. */
const NUMBER = /^\d+(?:\.\d+)?/

/** The operating systems by the names of the same SDK, in its order. */
const SYSTEMS: readonly (readonly [name: string, words: readonly string[]])[] = [
  ['Windows Phone', ['Windows', 'Phone']],
  ['Windows Phone', ['Windows', 'WPDesktop']],
  ['Windows', ['Windows']],
  ['iOS', ['iPhone']],
  ['iOS', ['iPad']],
  ['iOS', ['iPod']],
  ['Android', ['Android']],
  ['BlackBerry', ['BlackBerry']],
  ['BlackBerry', ['PlayBook']],
  ['BlackBerry', ['BB10']],
  ['Mac OS X', ['Mac']],
  ['Linux', ['Linux']],
  ['Chrome OS', ['CrOS']],
]

/** No browser sends a longer user agent. */
const MOST_LENGTH = 1024

interface Reading {
  readonly browser?: string | undefined
  readonly version?: number | undefined
  readonly system?: string | undefined
}

/** The readings of the latest user agents: few are in use at a time, and each is read for each event. */
const READINGS = new Map<string, Reading>()
const MOST_READINGS = 1000

/** Returns the name of the browser in a user agent. */
export function browserOf(userAgent: unknown): string | undefined {
  return readingOf(userAgent).browser
}

/** Returns the version of that browser, major and minor, as a number as Mixpanel's SDK does. */
export function browserVersionOf(userAgent: unknown): number | undefined {
  return readingOf(userAgent).version
}

/** Returns the name of the operating system in a user agent. */
export function systemOf(userAgent: unknown): string | undefined {
  return readingOf(userAgent).system
}

function readingOf(userAgent: unknown): Reading {
  if (typeof userAgent !== 'string') return {}
  // A part of a longer text would keep all of it in memory.
  if (userAgent.length > MOST_LENGTH) return read(userAgent.slice(0, MOST_LENGTH))
  const known = READINGS.get(userAgent)
  if (known !== undefined) return known
  if (READINGS.size >= MOST_READINGS) READINGS.clear()
  const reading = read(userAgent)
  READINGS.set(userAgent, reading)
  return reading
}

function read(text: string): Reading {
  const browser = BROWSERS.find(([, words]) => holdsAll(text, words))
  const system = SYSTEMS.find(([, words]) => holdsAll(text, words))
  return { browser: browser?.[0], version: versionIn(text, browser?.[2]), system: system?.[0] }
}

function versionIn(text: string, prefixes: readonly string[] = []): number | undefined {
  const prefix = prefixes.find((one) => text.includes(one))
  if (prefix === undefined) return undefined
  const [digits] = NUMBER.exec(text.slice(text.indexOf(prefix) + prefix.length)) ?? []
  return digits === undefined ? undefined : Number(digits)
}

function holdsAll(text: string, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word))
}
