import assert from 'node:assert/strict'
import { EMPLOYEE, JOINT, MANAGER, Page, control, play, talk } from './page.mjs'

await play(async () => {
  const ids = await talk()
  const kari = new Page('kari'), ola = new Page('ola')
  const [joint, mine] = await Promise.all([kari.join(JOINT), kari.join(EMPLOYEE)])
  const [theirs] = await Promise.all([ola.join(JOINT), ola.join(MANAGER)])
  joint.type('hei ')
  mine.type('hemmelig')
  await theirs.shows('hei ')
  theirs.type('OLA')
  await joint.shows('hei OLA')
  await Promise.all([joint.saved(), mine.saved(), theirs.saved()])
  assert.equal(await control({ do: 'text', document: ids.joint }), 'hei OLA')
  assert.equal(await control({ do: 'text', document: ids.employee }), 'hemmelig')
  assert.equal([kari.sockets, ola.sockets].join(), '1,1')
  assert.ok(!Buffer.concat(ola.frames).includes('hemmelig'))
})
