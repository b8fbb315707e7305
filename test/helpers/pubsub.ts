import type { TestContext } from 'node:test'
import {
  type PubsubStandIn,
  type PubsubStandInOptions,
  startPubsubStandIn,
} from '../../src/local/pubsub-stand-in.ts'

/** A Pub/Sub that ends with the test. */
export async function startPubsub(
  t: TestContext,
  options: PubsubStandInOptions = {},
): Promise<PubsubStandIn> {
  const pubsub = await startPubsubStandIn(options)
  t.after(() => pubsub.close())
  return pubsub
}
