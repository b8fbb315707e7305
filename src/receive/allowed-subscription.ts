/**
 * Makes a test for whether pushes of a subscription are accepted. An empty allow-list accepts all.
 */
export function createAllowedSubscription(
  allowList: readonly string[],
): (subscription: string) => boolean {
  const allowed = new Set(allowList)
  return function isAllowed(subscription) {
    return allowed.size === 0 || allowed.has(subscription)
  }
}
