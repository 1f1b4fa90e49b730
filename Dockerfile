# One image for all roles; docker-compose.yml says which command is which.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build

# Without install scripts: the package `node` would fetch the Node that the image has already, and no other needs one.
# Without optional packages: they are the embedded PostgreSQL, and accelerators that are not needed.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-slim
ARG DESKSTREAM_COMMIT
ENV DESKSTREAM_COMMIT=$DESKSTREAM_COMMIT
# The sizes of the heap are those of the npm script for the API.
ENV NODE_ENV=production MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072 NODE_OPTIONS="--min-semi-space-size=16 --max-semi-space-size=16 --max-old-space-size=1024"
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
CMD ["node", "dist/apps/api/main.js"]
