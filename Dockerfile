# The build: Node 24, all dependencies, one bundled file for each command.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The scripts that are left out would bring a second Node; esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY tools ./tools
COPY src ./src
RUN node tools/build.ts
COPY LICENSE ./dist/

# The image: Node and the bundle, nothing to install, nobody to become.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/dist ./dist
USER node
EXPOSE 8080 9464
# The folder holds the bundle, our licence and the licences of all that was bundled. There is no source
# map: it would be read whole at the start, for 50 ms and 70 MiB. The bundle is not minified, so a stack
# names its functions without one. Pushes wait while the young generation fills, and are copied
# when it has: the larger it is the less, and 32 MB is what fits into 512 MiB. One core copies them by
# itself. V8 must not guess which objects live long: docs/decisions/0014 says why, and has the figures.
# The command of the package is the entry point: `docker run IMAGE` serves, and
# `docker run -i IMAGE check - < events.ndjson` runs another command.
ENTRYPOINT ["node", "--max-semi-space-size=32", "--no-parallel-scavenge", "--no-allocation-site-pretenuring", "/app/dist/main.js"]
