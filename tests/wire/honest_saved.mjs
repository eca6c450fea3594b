import assert from 'node:assert/strict'
import { JOINT, Page, control, play, talk, until } from './page.mjs'

await play(async () => {
  const ids = await talk()
  const kari = new Page('kari'), ola = new Page('ola')
  const mine = await kari.join(JOINT), theirs = await ola.join(JOINT)
  await control({ do: 'hold' })
  for (const letter of 'abcde') mine.type(letter)
  const pings = kari.frames.filter((frame) => frame.length === 1).length
  await until('a ping', () => kari.frames.filter((frame) => frame.length === 1).length > pings)
  assert.equal(mine.provider.unsyncedChanges, 5)
  assert.equal(theirs.text, '')
  await control({ do: 'release' })
  await mine.saved()
  await theirs.shows('abcde')
  await control({ do: 'fail', times: 2 })
  mine.type('f')
  assert.equal(mine.provider.unsyncedChanges, 1)
  await mine.saved()
  assert.equal(await control({ do: 'text', document: ids.joint }), 'abcdef')
})
