import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { FeedWatch } from './feed-events.ts'
import type { Io } from './frame/io.ts'
import type { LocalWorld, WorldWatch } from './local-world.ts'
import { openBrowser } from './open-browser.ts'
import type { Serving, WorldPage } from './page/world-page.ts'
import type { PageOptions } from './page-flags.ts'

/**
 * Loads the page of a world; `undefined` when it is left out. The image has no page: nobody could
 * reach it there.
 */
export async function loadPage({ isLeftOut }: PageOptions, io: Io): Promise<WorldPage | undefined> {
  const files = new URL('./local/page/', pathToFileURL(io.entryFile))
  if (isLeftOut || !existsSync(files)) return undefined
  const { createWorldPage } = await import('./page/world-page.ts')
  return createWorldPage(io, files)
}

/** Joins the callbacks of the feed with those of the page, if there is one. */
export function watchFor(page: WorldPage | undefined, feed: FeedWatch): WorldWatch {
  if (page === undefined) return feed
  const { published, controlled, logged } = page.watch
  return {
    ...feed,
    logged,
    published(topic, messages) {
      published(topic, messages)
      feed.published(topic, messages)
    },
    controlled(settings) {
      controlled(settings)
      feed.controlled(settings)
    },
  }
}

export interface ServedPage {
  readonly url: string
  close(): Promise<void>
}

/** Serves the page, and opens it if that is wanted. Closes the world when the port is taken. */
export async function servePage(
  page: WorldPage,
  { world, isOpened, ...serving }: Serving & { world: LocalWorld; isOpened: boolean },
  { stderr }: Pick<Io, 'stderr'>,
): Promise<ServedPage> {
  try {
    const { url, close } = await page.start(world, serving)
    const failed = () => stderr.print(`No browser could be opened. Open ${url} yourself.`)
    if (isOpened) openBrowser(url, process.platform, failed)
    return { url, close }
  } catch (error) {
    await world.close()
    throw error
  }
}
