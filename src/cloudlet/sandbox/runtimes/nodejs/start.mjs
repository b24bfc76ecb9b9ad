// Starts AWS's runtime client for a function. An idle process, started ahead of any function, waits here to be told
// which one it is: it then gets the environment and the handler as one line of JSON on the descriptor CLOUDLET_ORDER.
import fs from 'node:fs'
import 'node:http'
import 'node:https'
import Module from 'node:module'
import { run } from './aws-lambda-ric/index.mjs'
import './aws-lambda-ric/rapid-client.node.js'

function become (environment) {
  // Only what differs is touched: a change of TZ, even to what it was, makes Node read its time zones anew (15 ms).
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name]
  for (const [name, value] of Object.entries(environment)) if (process.env[name] !== value) process.env[name] = value
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

if (process.env.CLOUDLET_ORDER !== undefined) become(readOrder(Number(process.env.CLOUDLET_ORDER)))
const root = process.env.LAMBDA_TASK_ROOT
process.chdir(root)
await run(root, process.env._HANDLER)
