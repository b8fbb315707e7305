/** The paths that Pub/Sub posts to, and the default path of Eventarc. */
export const PUSH_URLS: readonly string[] = ['/push', '/push/', '/']
