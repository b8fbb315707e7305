import packageJson from '../package.json' with { type: 'json' }

/** The version in package.json. */
export const VERSION: string = packageJson.version

/** The `User-Agent` of all requests that the service and its commands make. */
export const USER_AGENT = `pubsub-mixpanel/${VERSION}`
