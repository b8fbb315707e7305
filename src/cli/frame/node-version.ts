const OLDEST = 24

/**
 * Returns what to do about a Node of this version, like `20.20.2`; `undefined` when it is new enough.
 * It runs on old ones, so it uses nothing new.
 */
export function oldNodeText(version: string): string | undefined {
  if (Number.parseInt(version, 10) >= OLDEST) return undefined
  return (
    `pubsub-mixpanel needs Node ${OLDEST} or newer, and this is v${version}. Install Node ${OLDEST} yourself.\n` +
    'In a clone of the repository, `npm ci` brings one: sh tools/node.sh dist/main.js COMMAND'
  )
}
