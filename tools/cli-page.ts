import { readFileSync, writeFileSync } from 'node:fs'
import { program } from '../src/cli/commands.ts'
import type { Command } from '../src/cli/frame/command.ts'
import type { Program } from '../src/cli/frame/program.ts'

const PAGE = new URL('../docs/cli.md', import.meta.url)
/** `docs/configuration.md` has the variables, so the page leaves them out. */
const VARIABLES = /\n\nEnvironment variables configure it[\s\S]*/

if (import.meta.main) {
  writeFileSync(PAGE, await withHelp(readFileSync(PAGE, 'utf8')))
}

/**
 * Returns the page with the help of each command in the block below its heading, which is its name.
 * Throws when a command has no section that begins with a `text` block.
 */
export async function withHelp(page: string): Promise<string> {
  const helps = await helpsOf('The command line', program)
  return helps.reduce(withBlock, page)
}

type Help = readonly [heading: string, text: string]

async function helpsOf(heading: string, command: Command | Program): Promise<readonly Help[]> {
  const own: Help = [heading, command.help.replace(VARIABLES, '')]
  if (!('commands' in command)) return [own]
  const group = command === program ? '' : `${heading} `
  const below = command.commands.map(async ({ name, load }) => {
    return helpsOf(`${group}${name}`, await load())
  })
  return [own, ...(await Promise.all(below)).flat()]
}

function withBlock(page: string, [heading, text]: Help): string {
  const block = new RegExp(`(?<=^#+ ${heading}\\n\\n\`\`\`text\\n).*?(?=^\`\`\`$)`, 'ms')
  if (!block.test(page)) throw new Error(`docs/cli.md lacks the block of help below: ${heading}`)
  return page.replace(block, () => `${text}\n`)
}
