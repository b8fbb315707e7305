import type { Verdict } from './verdict.ts'

/** How we stand with Mixpanel, as its last answers have it. */
export interface Standing {
  heard(verdict: Verdict): void
  /** Whether credentials, project or region were refused, and nothing imported since. */
  isMisconfigured(): boolean
}

/** A standing that is good until Mixpanel says otherwise; `misconfigured` is told of each refusal. */
export function createStanding(misconfigured: (status: number) => void): Standing {
  let refused = false

  return { heard, isMisconfigured: () => refused }

  function heard(verdict: Verdict): void {
    if (verdict.kind === 'misconfigured') {
      refused = true
      misconfigured(verdict.status)
    }
    if (verdict.kind === 'imported' || verdict.kind === 'settled') refused = false
  }
}
