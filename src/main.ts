#!/usr/bin/env node
import { program } from './cli/commands.ts'
import { oldNodeText } from './cli/frame/node-version.ts'
import { createProcessIo } from './cli/frame/process-io.ts'

const io = createProcessIo(import.meta.filename)
const oldNode = oldNodeText(process.versions.node)
if (oldNode === undefined) void program.run(process.argv.slice(2), io).then(io.exit)
else {
  io.stderr.print(oldNode)
  io.exit(1)
}
