import type { Clock } from '../lib/clock.ts'
import { counted, type News, newsGroup, newsLine } from './news.ts'

/** Prints what happens, at the speed of a reader. */
export interface Bulletin {
  tell(news: News): void
  /** Prints the present second's sum at once. */
  close(): void
}

export interface BulletinDeps {
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly write: (line: string) => void
}

const LINES_A_SECOND = 20
const SECOND_MS = 1_000

/**
 * Prints a line for each piece of news, with its time. After the twentieth line in a second, it
 * prints one line with the counts. It always prints a changed switch.
 */
export function createBulletin({ clock, write }: BulletinDeps): Bulletin {
  const untold = new Map<string, number>()
  let told = 0

  return { tell, close: sumUp }

  function tell(news: News): void {
    if (told === 0) clock.after(SECOND_MS, sumUp)
    if (told < LINES_A_SECOND || news.kind === 'switched') line(newsLine(news))
    else untold.set(newsGroup(news), (untold.get(newsGroup(news)) ?? 0) + 1)
    told += 1
  }

  function sumUp(): void {
    const sums = [...untold].map(([group, count]) => `${counted(count)} ${group}`)
    if (sums.length > 0) line(`…and         ${sums.join(', ')}`)
    untold.clear()
    told = 0
  }

  function line(text: string): void {
    write(`${new Date(clock.now()).toISOString().slice('YYYY-MM-DDT'.length, -1)}  ${text}`)
  }
}
