#!/usr/bin/env node
import { program } from './cli/commands.ts'
import { createProcessIo } from './cli/frame/process-io.ts'

const io = createProcessIo(import.meta.filename)
void program.run(process.argv.slice(2), io).then(io.exit)
