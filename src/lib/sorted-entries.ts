/** Returns the names and texts of a record, by name: the same for equal records, however ordered. */
export function sortedEntries(
  record: Readonly<Record<string, string>>,
): readonly (readonly [name: string, text: string | undefined])[] {
  return Object.keys(record)
    .sort()
    .map((name) => [name, record[name]])
}
