import { isKeySet } from '../../authenticate/fetch-keys.ts'
import { countText } from '../frame/count-text.ts'
import type { Ask, Asked } from './ask.ts'
import { type Finding, fail, ok, skip } from './finding.ts'
import { jsonIn } from './json-at.ts'
import type { SettingsReader } from './settings.ts'
import { withSettings } from './with-settings.ts'

export interface KeyServerDeps {
  readonly settings: SettingsReader
  readonly ask: Ask
}

/** Checks that the key server gives keys that can verify a token. */
export function checkKeys(
  { settings, ask }: KeyServerDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return withSettings(settings, 'keys', async ({ push }) => {
    if (push.auth.kind !== 'oidc') {
      const mode = push.auth.kind.replaceAll('_', '-')
      return [skip(`PUSH_AUTH is ${mode}: the service needs no keys`)]
    }
    const { jwksUrl } = push.auth
    return [findingOn(new URL(jwksUrl).host, await ask({ url: jwksUrl }, signal))]
  })
}

function findingOn(host: string, asked: Asked): Finding {
  if (asked.kind === 'unanswered') return fail(`${host} cannot be reached: ${asked.code}`)
  if (asked.status !== 200)
    return fail(`${host} answers with status ${asked.status}, not with keys`)
  const answer = jsonIn(asked.body)
  if (!isKeySet(answer)) return fail(`${host} answers without a set of RSA keys`)
  return ok(`${host} answers, ${countText(answer.keys.length, 'key')}`)
}
