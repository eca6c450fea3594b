import assert from 'node:assert/strict'
import { EMPLOYEE, JOINT, Page, conversation, play, talk, until } from './page.mjs'

await play(async () => {
  await talk()
  const ola = new Page('ola')
  const joint = await ola.join(JOINT)
  const forbidden = ola.attach(EMPLOYEE), missing = ola.attach(`${conversation}/employee/2`)
  await until('both denied', () => forbidden.denied.length === 1 && missing.denied.length === 1)
  assert.deepEqual(forbidden.denied, missing.denied)
  assert.equal(ola.sockets, 1)
  joint.type('hei')
  await joint.saved()
})
