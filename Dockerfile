# The base image has a tag, and no digest that anybody has verified: docs/development.md has the command that
# pins it, in both places.

# The build: Node 24, all dependencies, one bundled file for each command.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The scripts that are left out would bring a second Node; esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY tools ./tools
COPY src ./src
# The page of a local world is for a person's own machine: the image has nothing of it.
RUN node tools/build.ts && rm -r dist/local dist/world-page.js
COPY LICENSE ./dist/

# The image: Node and the bundle, nothing to install, nobody to become.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# The folder holds the bundle, our licence and the licences of all that was bundled. There is no source
# map: it would be read whole at the start, for 50 ms and 70 MiB. The bundle is not minified, so a stack
# names its functions without one.
COPY --from=build /build/dist ./dist
COPY tools/start.sh ./
USER node
EXPOSE 8080 9464
# start.sh gives Node the flags that fit the memory of the container, and becomes Node. The command of the
# package follows: `docker run IMAGE` serves, and `docker run -i IMAGE check - < events.ndjson` runs another.
ENTRYPOINT ["sh", "/app/start.sh", "node", "/app/dist/main.js"]
