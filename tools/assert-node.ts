// `npm run` puts the dev dependency node@24 first on the PATH. An install script fetches its
// binary. Without it the machine's own Node runs, and would fail later with an unclear error.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `pubsub-mixpanel needs Node 24 or newer, and this is ${process.version}. Run \`npm ci\` without ` +
      '--ignore-scripts (it installs Node 24 for the npm scripts), or install Node 24 yourself.',
  )
  process.exit(1)
}
