/**
 * Returns a URL without what may be a secret: a user name with a password, and the query, in which
 * owners put a token of their own (https://cloud.google.com/pubsub/docs/push).
 */
export function shownUrl(url: string): string {
  return url.replace(/\/\/[^/?#]*@/, '//…@').replace(/[?#].*$/s, '?…')
}
