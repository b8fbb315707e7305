import { spawn } from 'node:child_process'

/** The command of each system that opens an address in the browser of its user. */
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}
const OTHER: readonly [string, ...string[]] = ['xdg-open']

/** Opens an address in the browser of the user. Calls `failed` when there is no way to. */
export function openBrowser(url: string, platform: string, failed: () => void): void {
  const [command, ...args] = COMMANDS[platform] ?? OTHER
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true })
  child.on('error', failed)
  child.on('exit', (code) => {
    if (code !== 0) failed()
  })
  child.unref()
}
