import assert from 'node:assert/strict'
import { JOINT, Page, control, play, talk, until } from './page.mjs'

await play(async () => {
  await talk()
  const kari = new Page('kari', { session: 'ended' }), phone = new Page('kari', { session: 'kept' })
  await kari.join(JOINT)
  const other = await phone.join(JOINT)
  kari.socket.shouldConnect = false
  await control({ do: 'end_session', session: 'ended' })
  await until('closed', () => kari.closings.length === 1)
  assert.deepEqual(kari.closings, [[4401, 'Unauthorized']])
  other.type('hei')
  await other.saved()
  assert.equal(phone.sockets, 1)
})
