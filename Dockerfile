# The build: Node 24, all dependencies, one bundled file.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# The scripts that are left out would bring a second Node; esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY tools ./tools
COPY src ./src
RUN node tools/build.ts

# The image: Node and the bundle, nothing to install, nobody to become.
FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /build/dist ./dist
USER node
EXPOSE 8080 9464
# A smaller young generation: with a thousand pushes held the peak is 148 MiB in place of 165, at no
# CPU that could be measured.
CMD ["node", "--enable-source-maps", "--max-semi-space-size=8", "dist/main.js"]
