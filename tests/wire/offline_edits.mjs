import assert from 'node:assert/strict'
import { JOINT, Page, control, play, talk, until } from './page.mjs'

await play(async () => {
  const ids = await talk()
  const kari = new Page('kari'), ola = new Page('ola')
  const mine = await kari.join(JOINT), theirs = await ola.join(JOINT)
  mine.type('a')
  await theirs.shows('a')
  kari.socket.disconnect()
  await until('offline', () => kari.closings.length === 1)
  for (const letter of 'bcd') mine.type(letter)
  theirs.type('X')
  await theirs.saved()
  kari.socket.connect()
  mine.type('e')
  await until('both texts', () => mine.text.includes('X') && theirs.text.includes('bcde'))
  await mine.saved()
  assert.equal(mine.text, theirs.text)
  assert.equal(await control({ do: 'text', document: ids.joint }), mine.text)
  assert.deepEqual([...mine.text].sort().join(''), 'Xabcde')
})
