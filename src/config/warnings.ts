import { parseDeadLetter } from './dead-letter-form.ts'
import type { Host } from './rules.ts'
import type { Environment } from './schema.ts'
import { isLoopback } from './values.ts'

/**
 * Returns warnings about settings that are allowed and yet deserve a line in the log at the start.
 * They quote no value.
 */
export function findWarnings(env: Environment, host: Pick<Host, 'heapLimitBytes'>): string[] {
  return [
    ...bufferWarnings(env, host),
    ...pushAuthWarnings(env),
    ...plainHttpWarnings(env),
    ...credentialWarnings(env),
    ...emulatorWarnings(env),
  ]
}

function bufferWarnings(
  { PUSH_MAX_BUFFERED_BYTES = 0 }: Environment,
  { heapLimitBytes }: Pick<Host, 'heapLimitBytes'>,
): string[] {
  if (PUSH_MAX_BUFFERED_BYTES <= heapLimitBytes / 2) return []
  return [
    "PUSH_MAX_BUFFERED_BYTES is more than half of Node's heap limit: large pushes can end the " +
      'process. Lower it, or start Node with a larger --max-old-space-size',
  ]
}

function pushAuthWarnings(env: Environment): string[] {
  switch (env.PUSH_AUTH) {
    case 'oidc':
      return []
    case 'cloud-run-iam':
      return [
        'PUSH_AUTH is cloud-run-iam, which is safe only on a private Cloud Run service: on a public ' +
          'one everyone can write into the Mixpanel project',
      ]
    case 'none':
      return [
        'PUSH_AUTH is none: everyone who reaches the port can write into the Mixpanel project',
      ]
  }
}

/** Warns of plain HTTP. A sidecar or a stand-in may need it. */
function plainHttpWarnings({ MIXPANEL_URL, PUSH_AUTH, PUSH_JWKS_URL }: Environment): string[] {
  const warnings: string[] = []
  if (MIXPANEL_URL !== undefined && isPlain(MIXPANEL_URL)) {
    warnings.push(
      'MIXPANEL_URL is plain http to another host: credentials and events travel in the clear',
    )
  }
  if (PUSH_AUTH === 'oidc' && isPlain(PUSH_JWKS_URL)) {
    warnings.push(
      'PUSH_JWKS_URL is plain http to another host: a host in between can replace the keys',
    )
  }
  return warnings
}

function isPlain(url: string): boolean {
  return new URL(url).protocol === 'http:' && !isLoopback(url)
}

/** Warns of credentials in an unusual form. A stand-in, at `MIXPANEL_URL`, may accept any form. */
function credentialWarnings(env: Environment): string[] {
  if (env.MIXPANEL_URL !== undefined) return []
  const { MIXPANEL_PROJECT_TOKEN: token, MIXPANEL_PROJECT_ID: id } = env
  const warnings: string[] = []
  if (token !== undefined && !/^[a-z\d]{32}$/i.test(token)) {
    warnings.push(
      'MIXPANEL_PROJECT_TOKEN does not look like a project token, which has 32 letters and digits',
    )
  }
  if (id !== undefined && !/^\d+$/.test(id)) {
    warnings.push('MIXPANEL_PROJECT_ID does not look like a project id, which is a number')
  }
  return warnings
}

function emulatorWarnings({ PUBSUB_EMULATOR_HOST, DEAD_LETTER = '' }: Environment): string[] {
  if (PUBSUB_EMULATOR_HOST === undefined || parseDeadLetter(DEAD_LETTER).kind !== 'pubsub') {
    return []
  }
  return [
    'PUBSUB_EMULATOR_HOST is set: dead letters go to an emulator, which forgets them when it ends',
  ]
}
