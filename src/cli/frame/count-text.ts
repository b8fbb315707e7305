/** Formats a count with its noun, such as `1,204 letters`, in every locale. */
export function countText(count: number, noun: string): string {
  return `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Formats a number with commas, in every locale. */
export function numberText(number: number): string {
  return number.toLocaleString('en-US')
}
