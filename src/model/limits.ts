/**
 * The largest push that is read. A message has at most 10 MB, 13.4 MB in base64, and comes with
 * attributes (https://cloud.google.com/pubsub/quotas#resource_limits).
 */
export const MAX_BODY_BYTES = 16 * 1024 * 1024

/**
 * The most events of one request to Mixpanel
 * (https://developer.mixpanel.com/reference/import-events).
 */
export const MAX_IMPORT_EVENTS = 2000

/**
 * The most bytes of one request to Mixpanel, before compression. The page says 10 MB and Mixpanel
 * cuts at 10 MiB (observed); 9.5 MiB keeps a distance from both.
 */
export const MAX_IMPORT_BYTES = 9.5 * 1024 * 1024
