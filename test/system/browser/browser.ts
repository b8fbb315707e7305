import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Browser, chromium } from 'playwright-core'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** The path of a Chromium: what `CHROMIUM` names, or the first of the PATH. */
const CHROMIUM: string | undefined = process.env.CHROMIUM || findOnPath()

/** Why the tests in a browser are skipped; `false` when there is one. */
export const skip =
  CHROMIUM === undefined &&
  'there is no Chromium: CONTRIBUTING.md says how to get one, and CHROMIUM names it'

/** Starts a browser, which ends with the test. It asks nothing of any other machine. */
export async function startBrowser(t: TestContext): Promise<Browser> {
  const browser = await chromium.launch({
    ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
    args: [
      // Its sandbox does not start for root, and containers have a small /dev/shm.
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
  t.after(() => browser.close())
  return browser
}

function findOnPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
