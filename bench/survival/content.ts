import type { Row } from '../../src/local/mixpanel/row-store.ts'

/** The event without its time, which is checked apart, as JSON with its members in order. */
export function contentOf(
  event: string,
  { time: _, $insert_id, ...said }: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify([event, said, $insert_id])
}

/** Whether a row has this content. Where the content has no insert id, the row may have any. */
export function saysSo({ event, raw }: Row, content: string): boolean {
  const { properties } = JSON.parse(raw)
  const { $insert_id: _, ...others } = properties
  return [properties, others].some((said) => contentOf(event, said) === content)
}
