import { isSubscriptionName } from '../../config/values.ts'
import { nearest } from '../../lib/nearest.ts'
import type { FlagValues } from '../frame/flags.ts'
import { UserMistake } from '../frame/io.ts'
import type { DoctorOptions } from './checks.ts'
import { CHECK_NAMES, type CheckName } from './finding.ts'
import type { ServiceName } from './run-service.ts'
import type { Variables } from './settings.ts'

/** The flags of the command. */
export const DOCTOR_FLAGS = {
  subscription: {
    type: 'string',
    value: 'NAME',
    meaning: 'check this subscription, too, with the Google credentials of this machine',
  },
  service: {
    type: 'string',
    value: 'NAME',
    meaning: 'check this service on Cloud Run, and read the variables from it, not from the shell',
  },
  region: { type: 'string', value: 'R', meaning: 'the region of the service' },
  project: {
    type: 'string',
    value: 'P',
    meaning: 'the project of both; GOOGLE_CLOUD_PROJECT when absent',
  },
  offline: {
    type: 'boolean',
    default: false,
    meaning: 'check the configuration and the dead letters only, and open no socket',
  },
  'other-regions': {
    type: 'boolean',
    default: false,
    meaning: 'send refused credentials of Mixpanel to its other regions, too',
  },
  only: {
    type: 'string',
    multiple: true,
    value: 'CHECK',
    meaning: 'run this check; may be repeated, or name several with commas',
  },
  json: { type: 'boolean', default: false, meaning: 'print one JSON document' },
  quiet: { type: 'boolean', default: false, meaning: 'print warnings and failures only' },
} as const

type Values = FlagValues<typeof DOCTOR_FLAGS>

const OFFLINE: readonly CheckName[] = ['configuration', 'dead-letters']

/** Returns the options that the flags mean. Throws a `UserMistake` when they contradict. */
export function optionsFrom(flags: Values, env: Variables): DoctorOptions {
  const { offline, 'other-regions': otherRegions } = flags
  if (offline && (flags.subscription ?? flags.service) !== undefined) {
    throw new UserMistake('--offline asks nobody: leave out --subscription and --service')
  }
  if (offline && otherRegions)
    throw new UserMistake('--offline asks nobody: leave out --other-regions')
  return {
    offline,
    otherRegions,
    subscription: subscriptionFrom(flags, env),
    service: serviceFrom(flags, env),
  }
}

/** Returns the checks that are run, by `--only` or all. */
export function chosenChecks(
  only: readonly string[] = [],
  options: DoctorOptions,
): readonly CheckName[] {
  const names = only.flatMap((list) => list.split(',')).map((name) => name.trim())
  if (names.length === 0) return CHECK_NAMES
  return names.map((name) => {
    const found = CHECK_NAMES.find((check) => check === name)
    if (found === undefined) throw new UserMistake(unknown(name))
    const missing = missingFor(found, options)
    if (missing !== undefined) throw new UserMistake(`--only ${found} ${missing}`)
    return found
  })
}

function unknown(name: string): string {
  const meant = nearest(name, CHECK_NAMES)
  const hint = meant === undefined ? `one of ${CHECK_NAMES.join(', ')}` : `did you mean ${meant}?`
  return `there is no check ${name || 'without a name'}; ${hint}`
}

function missingFor(name: CheckName, options: DoctorOptions): string | undefined {
  const isOfSubscription = name === 'subscription' || name === 'grants'
  if (isOfSubscription && options.subscription === undefined) return 'needs --subscription NAME'
  if (name === 'service' && options.service === undefined) return 'needs --service NAME --region R'
  if (options.offline && !OFFLINE.includes(name)) return 'does not work with --offline'
  return undefined
}

function subscriptionFrom({ subscription, project }: Values, env: Variables): string | undefined {
  if (subscription === undefined || isSubscriptionName(subscription)) return subscription
  if (subscription.includes('/')) {
    throw new UserMistake('--subscription takes a name, or projects/P/subscriptions/S')
  }
  return `projects/${projectFrom(project, env)}/subscriptions/${subscription}`
}

function serviceFrom(flags: Values, env: Variables): ServiceName | undefined {
  const { service, region, project } = flags
  if (service === undefined) {
    if (region !== undefined) throw new UserMistake('--region belongs to --service NAME')
    return undefined
  }
  if (!/^[a-z][a-z\d-]*$/.test(service))
    throw new UserMistake('--service takes the name of a service')
  if (region === undefined || !/^[a-z][a-z\d-]*$/.test(region)) {
    throw new UserMistake('--service needs --region R, as in europe-west1')
  }
  return { name: service, region, project: projectFrom(project, env) }
}

function projectFrom(project: string | undefined, env: Variables): string {
  const found = project ?? env.GOOGLE_CLOUD_PROJECT ?? env.CLOUDSDK_CORE_PROJECT ?? ''
  if (/^[\w.:-]+$/.test(found)) return found
  throw new UserMistake('name the project with --project P')
}
