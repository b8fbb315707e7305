/** Whether pushes of a subscription are taken. An empty allow-list takes all. */
export function createAllowedSubscription(
  allowList: readonly string[],
): (subscription: string) => boolean {
  const allowed = new Set(allowList)
  return function isAllowed(subscription) {
    return allowed.size === 0 || allowed.has(subscription)
  }
}
