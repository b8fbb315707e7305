import type { AxiosRequestConfig } from 'axios'
import type { Config } from '../../config/load-config.ts'
import type { Ask, Asked } from './ask.ts'
import type { KeyServerDeps } from './check-keys.ts'
import { probeRequest } from './check-mixpanel.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import { withSettings } from './with-settings.ts'

const WARN_PAST_MS = 30_000
const FAIL_PAST_MS = 300_000

/**
 * Compares the clock of this machine with the one of a server that another check asks anyway: the
 * key server, or Mixpanel where the service needs no keys.
 */
export function checkClock(
  { settings, ask }: KeyServerDeps,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return withSettings(settings, 'keys', async ({ push }, origin) => {
    if (origin.from === 'service') return [skip('Cloud Run sets the clock of its instances')]
    if (push.auth.kind === 'oidc') return compare({ url: push.auth.jwksUrl }, ask, signal)
    return withSettings(settings, 'mixpanel', ({ mixpanel }: Config) => {
      return compare(probeRequest(mixpanel.baseUrl, mixpanel.credentials), ask, signal)
    })
  })
}

async function compare(
  request: AxiosRequestConfig & { readonly url: string },
  ask: Ask,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  return [findingOn(new URL(request.url).host, await ask(request, signal))]
}

function findingOn(host: string, asked: Asked): Finding {
  if (asked.kind === 'unanswered') return skip(`${host} cannot be reached: ${asked.code}`)
  if (asked.serverTime === undefined) return skip(`${host} does not tell its time`)
  const distanceMs = Math.abs(asked.ourTime - asked.serverTime)
  const whose = /(^|\.)google(apis)?\.com$/.test(host) ? "Google's" : `that of ${host}`
  const text = `${(distanceMs / 1_000).toFixed(1)} s from ${whose}`
  if (distanceMs <= WARN_PAST_MS) return ok(text)
  if (distanceMs <= FAIL_PAST_MS) return warn(`${text}: synchronise it, by NTP for instance`)
  return fail(`${text}: good tokens count as expired. Synchronise it, by NTP for instance`)
}
