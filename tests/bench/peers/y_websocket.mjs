// The server that comes with y-websocket, in memory: it begins with the documents of FOLDER/documents, one name a line,
// each as FOLDER/<kind>.bin has it (a Yjs update), where the name is <kind>-<number>.  node y_websocket.mjs PORT FOLDER
import { readFileSync } from "node:fs"
import { createServer } from "node:http"
import { createRequire } from "node:module"
import { join } from "node:path"

import { WebSocketServer } from "ws"

// The same Yjs as the server's own.
const require = createRequire(import.meta.url)
const Y = require("yjs")
const { getYDoc, setupWSConnection } = require("y-websocket/bin/utils")

const [port, folder] = process.argv.slice(2)
for (const name of readFileSync(join(folder, "documents"), "utf8").split("\n").filter(Boolean)) {
  Y.applyUpdate(getYDoc(name), readFileSync(join(folder, `${name.split("-")[0]}.bin`)))
}
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
sockets.on("connection", setupWSConnection)
const server = createServer()
server.on("upgrade", (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit("connection", opened, request))
})
server.listen(Number(port), "127.0.0.1", () => console.log("ready"))
