import type { Host } from '../../config/rules.ts'
import type { GoogleCredentials } from '../../dead-letter/google-credentials.ts'
import type { Clock } from '../../lib/clock.ts'
import { waitForFolder } from '../host.ts'
import { type Ask, createAsk, createAskOnce } from './ask.ts'
import { checkClock } from './check-clock.ts'
import { checkConfiguration } from './check-configuration.ts'
import { checkDeadLetters } from './check-dead-letters.ts'
import { checkGrants } from './check-grants.ts'
import { checkKeys } from './check-keys.ts'
import { checkMixpanel } from './check-mixpanel.ts'
import { checkService } from './check-service.ts'
import { checkSubscription } from './check-subscription.ts'
import type { Check } from './finding.ts'
import { createGoogleApi, type GoogleApi, type GoogleHosts } from './google-api.ts'
import { inTime } from './in-time.ts'
import { type FoundService, originOf, readService, type ServiceName } from './run-service.ts'
import { setVariable } from './service-update.ts'
import { createSettingsReader, type SettingsReader, type Variables } from './settings.ts'

/** The choices of the owner. */
export interface DoctorOptions {
  /** Whether no socket may be opened. */
  readonly offline: boolean
  /** Whether the credentials of Mixpanel may travel to other regions. */
  readonly otherRegions: boolean
  /** The full name of a subscription. */
  readonly subscription?: string | undefined
  readonly service?: ServiceName | undefined
}

/** The world that is examined. Tests hand in their own. */
export interface DoctorWorld {
  readonly clock: Clock
  /** The machine that runs the command. */
  readonly machine: Host
  readonly hosts: GoogleHosts
  /** The base URLs of Mixpanel by region. */
  readonly regionUrls: Readonly<Record<string, string>>
  readonly credentials: GoogleCredentials
  /** Returns the used share of the disk of a folder, from 0 to 1. */
  readonly diskUse: (folder: string) => Promise<number>
}

/** The parts that the checks share. */
interface Shared {
  readonly options: DoctorOptions
  readonly world: DoctorWorld
  readonly settings: SettingsReader
  readonly ask: Ask
  readonly google: GoogleApi
  readonly found: FoundService | undefined
}

/**
 * Makes the checks that the options ask for, in the order of their findings. The service on Cloud
 * Run is read first, because the other checks need its variables.
 */
export async function createChecks(
  options: DoctorOptions,
  world: DoctorWorld,
  variables: Variables,
): Promise<readonly Check[]> {
  const { clock, credentials, hosts, machine } = world
  const ask = createAskOnce(createAsk(clock))
  // A service on Cloud Run uses no emulator, whatever this shell says.
  const emulatorHost = options.service
    ? undefined
    : variables.PUBSUB_EMULATOR_HOST?.trim() || undefined
  const google = createGoogleApi({ hosts, emulatorHost }, { ask, credentials })
  const found = options.service && (await readInTime(options.service, google, clock))
  const origin = found
    ? originOf(found, variables)
    : ({ kind: 'known', from: 'shell', variables, host: machine, hidden: [] } as const)
  const settings = createSettingsReader({
    origin,
    waitForFolder: (path) => waitForFolder(path, { clock }),
  })
  const shared: Shared = { options, world, settings, ask, google, found }
  const letters = lettersCheck(shared)
  const configuration: Check = { name: 'configuration', run: () => checkConfiguration(settings) }
  if (options.offline) return [configuration, letters]
  return [
    configuration,
    ...networkChecks(shared),
    letters,
    ...subscriptionChecks(shared),
    ...serviceChecks(shared),
  ]
}

function readInTime(name: ServiceName, google: GoogleApi, clock: Clock): Promise<FoundService> {
  const late = { kind: 'unread', text: 'Cloud Run gives no answer: TIMED_OUT' } as const
  return inTime<FoundService>((signal) => readService(google, name, signal), late, clock)
}

function networkChecks({ options, world, settings, ask }: Shared): readonly Check[] {
  const { otherRegions, service } = options
  const { regionUrls } = world
  return [
    { name: 'clock', run: (signal) => checkClock({ settings, ask }, signal) },
    {
      name: 'mixpanel',
      run: (signal) => {
        const set = service && setVariable.bind(undefined, service)
        return checkMixpanel({ settings, ask, otherRegions, regionUrls, setVariable: set }, signal)
      },
    },
    { name: 'keys', run: (signal) => checkKeys({ settings, ask }, signal) },
  ]
}

function lettersCheck({ options, world, settings, google, found }: Shared): Check {
  const { clock, diskUse } = world
  const runAccount = found?.kind === 'service' ? found.service.account : undefined
  const deps = {
    settings,
    clock,
    diskUse,
    runAccount,
    google: options.offline ? undefined : google,
  }
  return { name: 'dead-letters', run: (signal) => checkDeadLetters(deps, signal) }
}

function subscriptionChecks({ options, settings, google, found }: Shared): readonly Check[] {
  const { subscription: name } = options
  if (name === undefined) return []
  const service = found?.kind === 'service' ? found.service : undefined
  const deps = { name, settings, google, service }
  return [
    { name: 'subscription', run: (signal) => checkSubscription(deps, signal) },
    { name: 'grants', run: (signal) => checkGrants(deps, signal) },
  ]
}

function serviceChecks({ settings, google, found }: Shared): readonly Check[] {
  if (found === undefined) return []
  const deps = { settings, google, found }
  return [{ name: 'service', run: (signal) => checkService(deps, signal) }]
}
