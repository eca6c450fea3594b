import assert from 'node:assert/strict'
import { JOINT, Page, control, play, talk } from './page.mjs'

await play(async () => {
  const ids = await talk()
  const kari = new Page('kari'), ola = new Page('ola')
  const mine = await kari.join(JOINT), theirs = await ola.join(JOINT)
  for (let round = 0; round < 20; round++) {
    mine.provider.detach()
    mine.provider.attach()
    mine.type(String(round % 10))
  }
  await theirs.shows('01234567890123456789')
  await mine.saved()
  assert.deepEqual(mine.closed, [])
  assert.deepEqual(mine.denied, [])
  assert.equal(kari.sockets, 1)
  assert.equal(await control({ do: 'text', document: ids.joint }), '01234567890123456789')
})
