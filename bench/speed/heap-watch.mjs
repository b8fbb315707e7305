// Loaded into the measured process before the service. At each SIGWINCH it collects garbage, and appends
// the bytes of the heap and of the Buffers outside it to the file HEAP_FILE, as a line of JSON.
import { appendFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')

process.on('SIGWINCH', () => {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  appendFileSync(process.env.HEAP_FILE ?? '', `${JSON.stringify({ heapUsed, external })}\n`)
})
