import type { TestContext } from 'node:test'
import {
  type MixpanelStandIn,
  type MixpanelStandInOptions,
  startMixpanelStandIn,
} from '../../src/local/mixpanel-stand-in.ts'
import { NOW } from './post-import.ts'

/** A stand-in whose clock stands at `NOW`, closed after the test. */
export async function startMixpanel(
  t: TestContext,
  options: MixpanelStandInOptions = {},
): Promise<MixpanelStandIn> {
  const mixpanel = await startMixpanelStandIn({ now: () => NOW, ...options })
  t.after(mixpanel.close)
  return mixpanel
}
