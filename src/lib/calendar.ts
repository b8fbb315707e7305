/**
 * Tests for a day of the calendar, `YYYY-MM-DD`, in a month from 01 to 12. Date.parse reads the 30th
 * of February as the second of March.
 */
export function isCalendarDay(day: string): boolean {
  return Number(day.slice('YYYY-MM-'.length)) <= 28 || new Date(day).toISOString().startsWith(day)
}
