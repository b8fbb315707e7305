// Loaded before the service: measures the CPU of each turn of its event loop.

let before = process.threadCpuUsage()
let longestUs = 0

setImmediate(measure)
process.on('SIGWINCH', tell)

/** Of the main thread: what gzip and the collection of garbage take in threads of their own is left out. */
function measure(): void {
  const { user, system } = process.threadCpuUsage(before)
  longestUs = Math.max(longestUs, user + system)
  before = process.threadCpuUsage()
  setImmediate(measure)
}

function tell(): void {
  console.log(JSON.stringify({ longestTurnMs: Math.round(longestUs / 1_000) }))
  longestUs = 0
}
