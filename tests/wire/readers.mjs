import assert from 'node:assert/strict'
import { JOINT, Page, control, play, talk, until } from './page.mjs'

await play(async () => {
  const ids = await talk()
  const kari = new Page('kari'), guest = new Page('guest')
  const mine = await kari.join(JOINT), read = await guest.join(JOINT)
  assert.deepEqual(read.scopes, ['readonly'])
  mine.type('hei')
  await read.shows('hei')
  const answered = guest.frames.length
  read.type('nei')
  await until('an answer', () => guest.frames.length > answered)
  assert.equal(read.provider.unsyncedChanges, 1, 'what is not kept is not called saved')
  mine.type('!')
  await mine.saved()
  assert.equal(await control({ do: 'text', document: ids.joint }), 'hei!')
  assert.deepEqual(read.closed, [])
})
