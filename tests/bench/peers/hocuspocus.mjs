// Hocuspocus with its SQLite extension, as its own documentation starts it.  node hocuspocus.mjs PORT FOLDER
import { join } from "node:path"

import { SQLite } from "@hocuspocus/extension-sqlite"
import { Server } from "@hocuspocus/server"

const [port, folder] = process.argv.slice(2)
const server = new Server({
  address: "127.0.0.1",
  port: Number(port),
  quiet: true,
  extensions: [new SQLite({ database: join(folder, "hocuspocus.sqlite") })],
})
await server.listen()
console.log("ready")
