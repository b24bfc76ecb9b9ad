// Starts AWS's runtime client for a function. An idle process, started ahead of any function, waits here to be told
// which one it is: it then gets the environment and the handler as one line of JSON on the descriptor CLOUDLET_ORDER.
import fs from 'node:fs'
import Module from 'node:module'

const CLIENT = new URL('./aws-lambda-ric/index.mjs', import.meta.url)

function become (environment) {
  for (const name of Object.keys(process.env)) delete process.env[name]
  Object.assign(process.env, environment)
  Module._initPaths() // NODE_PATH was another one when Node started
}

function readOrder (descriptor) {
  const pieces = []
  const piece = Buffer.alloc(65536)
  let count
  while ((count = fs.readSync(descriptor, piece)) > 0) pieces.push(Buffer.from(piece.subarray(0, count)))
  fs.closeSync(descriptor)
  if (pieces.length === 0) process.exit(0)
  return JSON.parse(Buffer.concat(pieces).toString('utf8'))
}

if (process.env.CLOUDLET_ORDER !== undefined) {
  fs.readFileSync(CLIENT) // brought into the page cache; it is imported when its environment is there
  become(readOrder(Number(process.env.CLOUDLET_ORDER)))
}
const root = process.env.LAMBDA_TASK_ROOT
process.chdir(root)
const { run } = await import(CLIENT)
await run(root, process.env._HANDLER)
