import {
  type Config,
  findMountedFolder,
  InvalidConfigurationError,
  loadConfig,
} from '../../config/load-config.ts'
import type { Host } from '../../config/rules.ts'
import { UnresponsiveFolderError } from '../../dead-letter/probe-in-time.ts'
import { withoutMappingKeys } from '../mapping-keys.ts'

export type Variables = Readonly<Record<string, string | undefined>>

/** The variables of the service that is examined, and the machine it runs on. */
export type Origin = Readonly<
  | {
      kind: 'known'
      from: 'shell' | 'service'
      variables: Variables
      host: Host
      /** The variables whose values the service takes from a secret, and that were not read. */
      hidden: readonly string[]
    }
  /** The service could not be asked for them; the text says why. */
  | { kind: 'unknown'; text: string }
>

/** The part of the configuration that a check reads. */
export type Part = 'mixpanel' | 'keys' | 'dead-letters' | 'push'

export type Settings = Readonly<
  | { kind: 'loaded'; config: Config; origin: KnownOrigin }
  /** The configuration does not load. */
  | { kind: 'broken'; problems: readonly string[] }
  | { kind: 'unknown'; text: string }
>

export type KnownOrigin = Extract<Origin, { kind: 'known' }>

export interface SettingsReader {
  /** Loads the configuration, as the service does. */
  whole(): Promise<Settings>
  /** Loads a part of it. Mistakes in other parts do not matter. */
  part(name: Part): Promise<Settings>
}

const PARTS: Readonly<Record<Part, RegExp>> = {
  mixpanel: /^MIXPANEL_/,
  keys: /^PUSH_(AUTH|JWKS_URL)$|^K_SERVICE$/,
  'dead-letters': /^DEAD_LETTER$|^PUBSUB_EMULATOR_HOST$|^K_SERVICE$/,
  push: /^PUSH_(?!MAX_)|^DEAD_LETTER$|^K_SERVICE$/,
}

/** Values for the variables beside a part, so that the part loads by itself. */
const BESIDE: Variables = {
  MIXPANEL_PROJECT_TOKEN: 'token',
  MIXPANEL_REGION: 'us',
  PUSH_AUDIENCE: 'audience',
  PUSH_SERVICE_ACCOUNT: 'pusher@example.com',
  PUSH_MAX_BUFFERED_BYTES: '67108864',
  DEAD_LETTER: 'subscription',
}

export interface SettingsDeps {
  readonly origin: Origin
  /** Resolves when the folder of the letters has answered; it may hang, and then blocks all. */
  readonly waitForFolder: (path: string) => Promise<void>
}

/** Makes a reader of the configuration. */
export function createSettingsReader({ origin, waitForFolder }: SettingsDeps): SettingsReader {
  return { whole: () => load((variables) => variables), part }

  async function part(name: Part): Promise<Settings> {
    const settings = await load((variables) => variables)
    if (settings.kind !== 'broken') return settings
    return load((variables) => ({ ...besides(PARTS[name]), ...pick(variables, PARTS[name]) }))
  }

  async function load(choose: (variables: Variables) => Variables): Promise<Settings> {
    if (origin.kind === 'unknown') return origin
    const variables = choose(origin.variables)
    try {
      const folder = origin.from === 'shell' ? findMountedFolder(variables) : undefined
      if (folder !== undefined) await waitForFolder(folder)
      // The mapping of a service on Cloud Run is not here.
      const known = origin.from === 'shell' ? await withoutMappingKeys(variables) : variables
      return { kind: 'loaded', config: loadConfig(known, origin.host), origin }
    } catch (error) {
      if (error instanceof UnresponsiveFolderError)
        return { kind: 'broken', problems: [error.message] }
      if (!(error instanceof InvalidConfigurationError)) throw error
      return { kind: 'broken', problems: error.problems }
    }
  }
}

/** A variable of the part itself has no other value: it may be missing. */
function besides(part: RegExp): Variables {
  return Object.fromEntries(Object.entries(BESIDE).filter(([name]) => !part.test(name)))
}

function pick(variables: Variables, names: RegExp): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => names.test(name)))
}
