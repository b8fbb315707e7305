import { InvalidConfigurationError, loadConfig } from '../../src/config/load-config.ts'
import type { Host } from '../../src/config/rules.ts'
import type { VariableName } from '../../src/config/schema.ts'

export type Env = Partial<Record<VariableName, string>>

export const MIB = 1024 * 1024

/** Complete and valid. */
export const OFF_CLOUD_RUN = {
  MIXPANEL_PROJECT_TOKEN: '0123456789abcdef0123456789abcdef',
  MIXPANEL_REGION: 'eu',
  PUSH_AUDIENCE: 'https://push.example.com',
  PUSH_SERVICE_ACCOUNT: 'pusher@p.iam.gserviceaccount.com',
} satisfies Env

export const ON_CLOUD_RUN: Env = {
  ...OFF_CLOUD_RUN,
  K_SERVICE: 'pubsub-mixpanel',
  DEAD_LETTER: 'file:/mnt/letters',
}

/** To be added to either. */
export const SERVICE_ACCOUNT: Env = {
  MIXPANEL_PROJECT_TOKEN: '',
  MIXPANEL_SERVICE_ACCOUNT_USERNAME: 'user',
  MIXPANEL_SERVICE_ACCOUNT_SECRET: 'a-secret',
  MIXPANEL_PROJECT_ID: '42',
}

/** A machine with a volume mounted at `/mnt`. */
export function aHost(host: Partial<Host> = {}): Host {
  return {
    memoryLimitBytes: 512 * MIB,
    heapLimitBytes: 352 * MIB,
    volumeOf: (path) => ({ device: path.startsWith('/mnt/') ? 2 : 1, inMemory: false }),
    ...host,
  }
}

/** Loads the environment off Cloud Run with these changes. */
export function load(changes: Readonly<Record<string, string | undefined>>, host = aHost()) {
  return loadConfig({ ...OFF_CLOUD_RUN, ...changes }, host)
}

/** The problems that keep the service from starting; empty when there are none. */
export function problemsWith(
  env: Readonly<Record<string, string | undefined>>,
  host = aHost(),
): readonly string[] {
  try {
    loadConfig(env, host)
    return []
  } catch (error) {
    if (error instanceof InvalidConfigurationError) return error.problems
    throw error
  }
}
