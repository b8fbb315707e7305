/** The flags of commands that serve the page of a local world. */
export const PAGE_FLAGS = {
  open: { type: 'boolean', default: false, meaning: 'open the page in your browser' },
  'no-page': { type: 'boolean', default: false, meaning: 'leave the page out' },
} as const

/** The wishes of a person about the page. */
export interface PageOptions {
  readonly isLeftOut: boolean
  readonly isOpened: boolean
}
